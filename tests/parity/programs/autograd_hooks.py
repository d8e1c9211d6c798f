"""Hooks of all kinds."""


def prog_tensor_hook_changes(torch):
    x = torch.ones(2, requires_grad=True)
    y = x * 2
    y.register_hook(lambda g: g * 10)
    y.register_hook(lambda g: print("second", g))
    y.sum().backward()
    print(x.grad)


def prog_leaf_hook(torch):
    x = torch.ones(2, requires_grad=True)
    h = x.register_hook(lambda g: g + 1)
    (x * 2).sum().backward()
    print(x.grad)
    h.remove()
    (x * 2).sum().backward()
    print(x.grad)


def prog_leaf_hook_sees_sum(torch):
    x = torch.ones(2, requires_grad=True)
    x.register_hook(lambda g: print("hook", g))
    (x * 2 + x * 3).sum().backward()


def prog_hook_and_retain_grad(torch):
    x = torch.ones(2, requires_grad=True)
    y = x * 2
    y.retain_grad()
    y.register_hook(lambda g: g * 2)
    y.sum().backward()
    print(y.grad, x.grad)
    y = x * 2
    y.register_hook(lambda g: g * 2)
    y.retain_grad()
    y.sum().backward()
    print(y.grad)


def prog_hooks_after_in_place(torch):
    x = torch.ones(2, requires_grad=True)
    y = x * 2
    y.register_hook(lambda g: print("before change", g))
    y.mul_(3)
    y.register_hook(lambda g: print("after change", g))
    y.sum().backward()


def prog_hook_removes_itself(torch):
    x = torch.ones(1, requires_grad=True)
    handles = []

    def hook(g):
        print("once", g)
        handles[0].remove()

    handles.append(x.register_hook(hook))
    for _ in range(2):
        (x * 2).sum().backward()


def prog_hook_returns_nonsense(torch):
    for bad in (3, "a", torch.ones(5), torch.ones(2, dtype=torch.float64)):
        x = torch.ones(2, requires_grad=True)
        y = x * 2
        y.register_hook(lambda g, bad=bad: bad)
        try:
            y.sum().backward()
            print("taken")
        except (RuntimeError, TypeError) as e:
            print(type(e).__name__)


def prog_hook_raises(torch):
    class Mine(Exception):
        pass

    def hook(g):
        raise Mine("from hook")

    x = torch.ones(2, requires_grad=True)
    x.register_hook(hook)
    try:
        (x * 2).sum().backward()
    except Mine as e:
        print("caught", e)
    print(x.grad)


def prog_post_accumulate(torch):
    x = torch.ones(2, requires_grad=True)
    h = x.register_post_accumulate_grad_hook(lambda t: print("post", t.grad, t is x))
    (x * 2).sum().backward()
    (x * 2).sum().backward()
    h.remove()
    (x * 2).sum().backward()
    try:
        (x * 2).register_post_accumulate_grad_hook(print)
    except RuntimeError as e:
        print("leaf" in str(e))


def prog_post_accumulate_optimizer(torch):
    x = torch.ones(2, requires_grad=True)

    def step(t):
        with torch.no_grad():
            t.sub_(t.grad * 0.1)
        t.grad = None

    x.register_post_accumulate_grad_hook(step)
    for _ in range(3):
        (x * x).sum().backward()
    print(x, x.grad)


def prog_node_hooks(torch):
    x = torch.ones(2, requires_grad=True)
    y = x * 2
    y.grad_fn.register_hook(lambda gi, go: print("post", gi, go))
    y.grad_fn.register_prehook(lambda go: print("pre", go))
    y.sum().backward()


def prog_node_hooks_change(torch):
    x = torch.ones(2, requires_grad=True)
    y = x * 2
    y.grad_fn.register_prehook(lambda go: (go[0] * 10,))
    y.grad_fn.register_hook(lambda gi, go: (gi[0] + 0.5, *gi[1:]))
    y.sum().backward()
    print(x.grad)


def prog_order(torch):
    x = torch.ones(1, requires_grad=True)
    y = x * 2
    log = []
    y.grad_fn.register_hook(lambda gi, go: log.append("node post"))
    y.grad_fn.register_prehook(lambda go: log.append("node pre"))
    y.register_hook(lambda g: log.append("tensor"))
    x.register_hook(lambda g: log.append("leaf"))
    x.register_post_accumulate_grad_hook(lambda t: log.append("leaf post"))
    y.sum().backward()
    print(log)


def prog_accumulate_grad_hooks(torch):
    x = torch.ones(1, requires_grad=True)
    acc = x.view_as(x).grad_fn.next_functions[0][0]
    print(acc.name(), acc.variable is x)
    h = acc.register_hook(lambda gi, go: print("acc", gi, go, x.grad))
    p = acc.register_prehook(lambda go: print("acc pre", go, x.grad))
    (x * 3).sum().backward()
    h.remove()
    p.remove()
    (x * 3).sum().backward()
    print(x.grad)


def prog_grad_call_runs_hooks(torch):
    x = torch.ones(2, requires_grad=True)
    x.register_hook(lambda g: print("leaf hook", g))
    x.register_post_accumulate_grad_hook(lambda t: print("never"))
    print(torch.autograd.grad((x * 2).sum(), x))


def prog_saved_tensors_hooks(torch):
    log = []

    def pack(t):
        log.append(("pack", t.tolist()))
        return t.detach().clone()

    def unpack(t):
        log.append(("unpack", t.tolist()))
        return t

    x = torch.tensor([2.0, 3.0], requires_grad=True)
    with torch.autograd.graph.saved_tensors_hooks(pack, unpack):
        y = x * x
    z = y.exp()
    z.sum().backward()
    print(log, x.grad)


def prog_saved_tensors_hooks_nested(torch):
    x = torch.tensor([2.0], requires_grad=True)
    hooks = torch.autograd.graph.saved_tensors_hooks
    with hooks(lambda t: ("outer", t.detach()), lambda p: (print("unpack", p[0]), p[1])[1]):
        a = x * x
        with hooks(lambda t: ("inner", t.detach()), lambda p: (print("unpack", p[0]), p[1])[1]):
            b = a * a
        c = b * b
    c.sum().backward()
    print(x.grad)


def prog_save_on_cpu(torch):
    x = torch.tensor([2.0, 3.0], requires_grad=True)
    with torch.autograd.graph.save_on_cpu():
        y = (x * x).exp().sum()
    y.backward()
    print(x.grad)


def prog_multi_grad_hook(torch):
    a, b, c = (torch.ones(1, requires_grad=True) for _ in range(3))
    h = torch.autograd.graph.register_multi_grad_hook((a, b, c), lambda gs: print("all", gs))
    (a * 2 + b * 3).sum().backward()
    h.remove()
    h = torch.autograd.graph.register_multi_grad_hook((a, b, c), lambda g: print("any", g), mode="any")
    (a * 2 + b * 3 + c).sum().backward()


def prog_hook_on_tensor_without_grad(torch):
    try:
        torch.ones(2).register_hook(print)
    except RuntimeError as e:
        print(e)


def prog_hook_handle_as_context(torch):
    x = torch.ones(1, requires_grad=True)
    with x.register_hook(lambda g: print("inside", g)):
        (x * 2).sum().backward()
    (x * 2).sum().backward()


def prog_hooks_in_double_backward(torch):
    x = torch.tensor(3.0, requires_grad=True)
    y = x * x
    y.register_hook(lambda g: g * 2)
    (g,) = torch.autograd.grad(y, x, create_graph=True)
    print(g.detach())
    print(torch.autograd.grad(g, x))


def prog_many_hooks_order(torch):
    x = torch.ones(1, requires_grad=True)
    y = x * 1
    handles = [y.register_hook(lambda g, i=i: print("hook", i)) for i in range(4)]
    handles[1].remove()
    y.register_hook(lambda g: print("last"))
    y.sum().backward()


def prog_prepend_grad(torch):
    x = torch.ones(1, requires_grad=True)
    y = x * 1
    y.register_hook(lambda g: g * 2)
    y.register_hook(lambda g: g + 1)
    y.sum().backward()
    print(x.grad)
