"""The article's example and its variations."""


def build(torch):
    x = torch.ones([2, 2], requires_grad=False)
    w1 = torch.tensor(2.0, requires_grad=True)
    w2 = torch.tensor(3.0, requires_grad=True)
    w3 = torch.tensor(4.0, requires_grad=True)
    l1 = x * w1
    l2 = l1 + w2
    l3 = l1 * w3
    l4 = l2 * l3
    return (w1, w2, w3), (l1, l2, l3, l4), l4.mean()


def prog_values(torch):
    (w1, w2, w3), (l1, l2, l3, l4), loss = build(torch)
    print(w1.data, w1.grad, w1.grad_fn)
    for t in (l1, l2, l3, l4, loss):
        print(t.data, t.grad_fn.name(), t.requires_grad, t.is_leaf)
    loss.backward()
    print(w1.grad, w2.grad, w3.grad)


def prog_prints(torch):
    x = torch.ones(2, 2, requires_grad=True)
    print(x)
    y = x + 2
    print(y)
    z = y * y * 3
    print(z, z.mean())


def prog_retain_grad(torch):
    _, (l1, l2, *_), loss = build(torch)
    l1.retain_grad()
    l2.retain_grad()
    loss.backward()
    print(l1.grad, l2.grad, l1.retains_grad)


def prog_register_hook(torch):
    _, (l1, *_), loss = build(torch)
    l1.register_hook(lambda grad: print("l1 grad: ", grad))
    loss.backward()


def prog_all_names(torch):
    _, ls, loss = build(torch)
    seen = []
    node = loss.grad_fn
    while node is not None:
        seen.append(node.name())
        node = next((n for n, _ in node.next_functions if n is not None), None)
    print(seen)


def prog_detach(torch):
    a = torch.ones(3, requires_grad=True)
    b = a.detach()
    print(b.requires_grad, b)
    b.add_(1)
    print(a)


def prog_no_grad(torch):
    x = torch.ones(3, requires_grad=True)
    with torch.no_grad():
        y = x * 2
    print(y, y.requires_grad, (x * 2).requires_grad)


def prog_twice(torch):
    (w1, *_), _, loss = build(torch)
    loss.backward()
    try:
        loss.backward()
    except RuntimeError as e:
        print("backward through the graph a second time" in str(e))


def prog_accumulate(torch):
    (w1, w2, w3), _, loss = build(torch)
    loss.backward(retain_graph=True)
    loss.backward()
    print(w1.grad, w2.grad, w3.grad)
    w1.grad.zero_()
    print(w1.grad)
    w1.grad = None
    print(w1.grad)


def prog_second_order(torch):
    (w1, w2, w3), _, loss = build(torch)
    (g,) = torch.autograd.grad(loss, w1, create_graph=True)
    print(g.detach())
    print(torch.autograd.grad(g, (w1, w2, w3)))
