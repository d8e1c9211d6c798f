"""backward and grad in many settings."""


def prog_grad_of_powers(torch):
    x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
    for p in (0, 1, 2, 3, -1, 0.5):
        print(p, torch.autograd.grad((x**p).sum(), x)[0])


def prog_nonscalar_needs_gradient(torch):
    x = torch.ones(3, requires_grad=True)
    y = x * 2
    try:
        y.backward()
    except RuntimeError as e:
        print(e)
    y.backward(torch.tensor([1.0, 0.1, 0.01]))
    print(x.grad)


def prog_no_grad_needed(torch):
    try:
        torch.ones(3).sum().backward()
    except RuntimeError as e:
        print(e)


def prog_allow_unused(torch):
    a, b = torch.ones(2, requires_grad=True), torch.ones(2, requires_grad=True)
    print(torch.autograd.grad((a * 3).sum(), [a, b], allow_unused=True))
    print(torch.autograd.grad((a * 3).sum(), [a, b], materialize_grads=True))
    try:
        torch.autograd.grad((a * 3).sum(), [a, b])
    except RuntimeError as e:
        print("allow_unused=True" in str(e))


def prog_inputs_argument(torch):
    a, b = torch.ones(2, requires_grad=True), torch.ones(2, requires_grad=True)
    (a * b * 2).sum().backward(inputs=[a])
    print(a.grad, b.grad)


def prog_grad_of_intermediate(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x * x
    z = (y * 3).sum()
    print(torch.autograd.grad(z, [y, x]))


def prog_several_outputs(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y, z = x * 2, x**2
    print(torch.autograd.grad([y, z], x, [torch.ones(2), torch.tensor([1.0, 10.0])]))
    torch.autograd.backward([(x * 2).sum(), (x**2).sum()])
    print(x.grad)


def prog_broadcast(torch):
    a = torch.ones(3, 1, requires_grad=True)
    b = torch.ones(1, 4, requires_grad=True)
    c = torch.ones((), requires_grad=True)
    ((a + 2) * b * c).sum().backward()
    print(a.grad, b.grad, c.grad)


def prog_dtype_of_gradients(torch):
    a = torch.ones(2, dtype=torch.float32, requires_grad=True)
    b = torch.ones(2, dtype=torch.float64, requires_grad=True)
    c = a * b
    print(c.dtype)
    c.sum().backward()
    print(a.grad.dtype, b.grad.dtype)


def prog_third_derivative(torch):
    x = torch.tensor(2.0, requires_grad=True)
    y = x**4
    for _ in range(4):
        (y,) = torch.autograd.grad(y, x, create_graph=True)
        print(y.detach())


def prog_mixed_derivatives(torch):
    x = torch.tensor(1.5, requires_grad=True)
    y = torch.tensor(0.5, requires_grad=True)
    f = (x * y).sin() * x.exp()
    gx, gy = torch.autograd.grad(f, (x, y), create_graph=True)
    print(gx.detach(), gy.detach())
    print(torch.autograd.grad(gx, y, retain_graph=True), torch.autograd.grad(gy, x))


def prog_diamond(torch):
    x = torch.tensor(3.0, requires_grad=True)
    a = x * 2
    b, c = a + 1, a * a
    (b * c + c).backward()
    print(x.grad)


def prog_same_tensor_many_times(torch):
    x = torch.tensor(3.0, requires_grad=True)
    (x * x * x + x + x).backward()
    print(x.grad)


def prog_long_chain(torch):
    x = torch.ones(2, requires_grad=True)
    y = x
    for _ in range(5000):
        y = y + 1
    y.sum().backward()
    print(y, x.grad)


def prog_grad_outputs_shapes(torch):
    x = torch.ones(2, 3, requires_grad=True)
    try:
        torch.autograd.grad(x * 2, x, torch.ones(3))
    except RuntimeError as e:
        print(e)


def prog_create_graph_grad(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    (x**3).sum().backward(create_graph=True)
    print(x.grad.requires_grad, x.grad.detach())


def prog_gradient_penalty(torch):
    w = torch.tensor([[0.5, -1.0], [2.0, 0.25]], requires_grad=True)
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = (w @ x).tanh().sum()
    (g,) = torch.autograd.grad(y, x, create_graph=True)
    ((g.norm() - 1) ** 2).backward()
    print(w.grad)


def prog_leaf_flags(torch):
    x = torch.ones(2, requires_grad=True)
    y = x * 2
    d = y.detach()
    print(x.is_leaf, y.is_leaf, d.is_leaf, torch.ones(1).is_leaf)
    print(x.requires_grad, y.requires_grad, d.requires_grad)
    try:
        y.requires_grad = False
    except RuntimeError as e:
        print("detach()" in str(e))
    try:
        torch.ones(2, dtype=torch.int64, requires_grad=True)
    except RuntimeError as e:
        print("floating point" in str(e))


def prog_requires_grad_(torch):
    x = torch.ones(2)
    print(x.requires_grad_() is x, x.requires_grad)
    x.requires_grad_(False)
    print(x.requires_grad)


def prog_detach_(torch):
    x = torch.ones(2, requires_grad=True)
    y = x * 2
    y.detach_()
    print(y.grad_fn, y.requires_grad, y.is_leaf)


def prog_set_grad(torch):
    x = torch.ones(2, requires_grad=True)
    x.grad = torch.tensor([5.0, 6.0])
    (x * 2).sum().backward()
    print(x.grad)
    for bad in (torch.ones(3), torch.ones(2, dtype=torch.float64), 3):
        try:
            x.grad = bad
            print("taken")
        except (RuntimeError, TypeError) as e:
            print(type(e).__name__)


def prog_grad_is_not_shared(torch):
    x = torch.ones(2, requires_grad=True)
    y = torch.ones(2, requires_grad=True)
    (x + y).sum().backward()
    x.grad.mul_(10)
    print(x.grad, y.grad)


def prog_data(torch):
    x = torch.ones(2, requires_grad=True)
    x.data.mul_(3)
    print(x)
    x.data = torch.zeros(3)
    print(x)


def prog_complex_real_loss(torch):
    z = torch.tensor([1 + 2j, 3 - 1j], requires_grad=True)
    (z.abs() ** 2).sum().backward()
    print(z.grad)


def prog_complex_holomorphic(torch):
    z = torch.tensor([1 + 2j, 0.5 - 1j], requires_grad=True)
    w = z * z
    w.backward(torch.tensor([1 + 0j, 0 + 1j]))
    print(z.grad)


def prog_real_from_complex(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = (x * (1 + 2j)).real.sum() + (x * 1j).imag.sum()
    y.backward()
    print(x.grad)


def prog_unused_output(torch):
    x = torch.arange(6.0).reshape(2, 3).requires_grad_()
    values, indices = x.max(1)
    print(indices.requires_grad, values)
    values.sum().backward()
    print(x.grad)


def prog_unbind(torch):
    x = torch.arange(3.0).requires_grad_()
    a, b, c = x.unbind()
    (a * 2 + c * 5).backward()
    print(x.grad, b)


def prog_retain_grad_before_and_after(torch):
    x = torch.ones(2, requires_grad=True)
    y = x * 2
    y.retain_grad()
    y.retain_grad()
    (y * y).sum().backward()
    print(y.grad, x.grad)
    try:
        torch.ones(2).retain_grad()
    except RuntimeError as e:
        print(e)
    x.retain_grad()
    print(x.retains_grad, y.retains_grad)


def prog_item_and_float(torch):
    x = torch.tensor(2.5, requires_grad=True)
    print(x.item(), float(x), int(x), f"{x:.3f}", bool(x))


def prog_numpy_of_grad(torch):
    x = torch.ones(2, requires_grad=True)
    try:
        x.numpy()
    except RuntimeError as e:
        print(e)
    print(x.detach().numpy().tolist())


def prog_saved_attributes(torch):
    x = torch.tensor([2.0, 3.0], requires_grad=True)
    y = x * x
    print(y.grad_fn._saved_self, y.grad_fn._saved_other)
    z = y.exp()
    print(z.grad_fn._saved_result)
    s = (x**3).grad_fn
    print(s._saved_exponent, s._saved_self)
    y.sum().backward()
    try:
        y.grad_fn._saved_self
    except RuntimeError as e:
        print("freed" in str(e))


def prog_next_functions(torch):
    x = torch.ones(2, requires_grad=True)
    y = (x * 2 + torch.ones(2)).sum()
    n = y.grad_fn
    print(n.name(), [(f and f.name(), i) for f, i in n.next_functions])
    n = n.next_functions[0][0]
    print(n.name(), [(f and f.name(), i) for f, i in n.next_functions])
    leaf = n.next_functions[0][0].next_functions[0][0]
    print(leaf.name(), leaf.variable is x, leaf.next_functions)


def prog_grad_fn_identity(torch):
    x = torch.ones(2, requires_grad=True)
    y = x * 2
    print(y.grad_fn is y.grad_fn, (x + 1).grad_fn is y.grad_fn)
    y.grad_fn.metadata["mine"] = 3
    print(y.grad_fn.metadata)


def prog_names_of_nodes(torch):
    x = torch.ones(2, 2, requires_grad=True)
    for f in (
        lambda: x + 1, lambda: x - 1, lambda: 1 - x, lambda: x * 2, lambda: x / 2, lambda: 2 / x, lambda: x**2,
        lambda: 2**x, lambda: -x, lambda: x @ x, lambda: x.mm(x), lambda: x.t(), lambda: x.T, lambda: x[0],
        lambda: x[:, 1], lambda: x[0:1], lambda: x[[0]], lambda: x[None], lambda: x.view(4), lambda: x.reshape(4),
        lambda: x.sum(), lambda: x.sum(0), lambda: x.mean(), lambda: x.mean(1), lambda: x.exp(), lambda: x.log(),
        lambda: x.relu(), lambda: x.sigmoid(), lambda: x.tanh(), lambda: x.clone(), lambda: x.expand(3, 2, 2),
        lambda: x.permute(1, 0), lambda: x.transpose(0, 1), lambda: x.squeeze(), lambda: x.unsqueeze(0),
        lambda: torch.cat([x, x]), lambda: torch.stack([x, x]), lambda: x.max(), lambda: x.max(0)[0], lambda: x.norm(),
        lambda: x.softmax(0), lambda: x.log_softmax(0), lambda: x.clamp(0, 1), lambda: x.abs(), lambda: x.sqrt(),
        lambda: torch.where(x > 0, x, x), lambda: x.to(torch.float64), lambda: x.prod(), lambda: x.var(), lambda: x.std(),
        lambda: x.flip(0), lambda: x.split(1)[0], lambda: x.chunk(2)[1], lambda: x.unbind()[0], lambda: x.cumsum(0),
        lambda: x.gather(0, torch.zeros(2, 2, dtype=torch.int64)), lambda: x.masked_fill(x > 0, 1.0),
        lambda: x.index_select(0, torch.tensor([0])), lambda: x.sort()[0], lambda: x.topk(1)[0], lambda: x.tril(),
        lambda: x.diagonal(), lambda: x.flatten(), lambda: torch.einsum("ij,jk->ik", x, x), lambda: x.repeat(2, 1),
        lambda: x.logsumexp(0), lambda: x.square(), lambda: x.amax(), lambda: x.contiguous(), lambda: x.detach() * x,
    ):  # fmt: skip
        y = f()
        print(y.grad_fn.name() if y.grad_fn is not None else None)
