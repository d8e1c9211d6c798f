"""In-place changes, views, versions."""


def attempt(f):
    try:
        print(f())
    except Exception as e:
        print(type(e).__name__)


def prog_version_counts(torch):
    x = torch.zeros(3)
    v = x[1:]
    print(x._version, v._version)
    x.add_(1)
    v.mul_(2)
    v[0] = 5
    print(x._version, v._version, x.detach()._version, x)
    x.data.add_(1)
    print(x)


def prog_saved_tensor_changed(torch):
    x = torch.ones(2, requires_grad=True)
    y = x * 1
    z = y * y
    y.add_(1)
    try:
        z.sum().backward()
    except RuntimeError as e:
        print("modified by an inplace operation" in str(e))


def prog_saved_output_changed(torch):
    x = torch.ones(2, requires_grad=True)
    y = x.exp()
    y.add_(1)
    try:
        y.sum().backward()
    except RuntimeError as e:
        print("modified by an inplace operation" in str(e))


def prog_not_saved_may_change(torch):
    x = torch.ones(2, requires_grad=True)
    y = x + 1
    y.mul_(3)
    y.sum().backward()
    print(y, x.grad)


def prog_leaf_in_place(torch):
    x = torch.ones(2, requires_grad=True)
    for f in (lambda: x.add_(1), lambda: x[0].mul_(2), lambda: x.__setitem__(0, 1.0), lambda: x.view(2).zero_()):
        try:
            f()
            print("done")
        except RuntimeError as e:
            print("a leaf Variable that requires grad" in str(e), "in-place" in str(e))
    with torch.no_grad():
        x.add_(1)
        x[0] = 7
    print(x)


def prog_view_then_base(torch):
    x = torch.arange(4.0).requires_grad_()
    y = x * 1
    v = y[1:3]
    v.mul_(10)
    print(y, v)
    print(y.grad_fn.name(), v.grad_fn.name())
    y.sum().backward()
    print(x.grad)


def prog_base_then_view(torch):
    x = torch.arange(4.0).requires_grad_()
    y = x * 1
    v = y.view(2, 2)
    y.mul_(3)
    print(v, v.grad_fn.name())
    v[0].sum().backward()
    print(x.grad)


def prog_chain_of_views(torch):
    x = torch.arange(6.0).requires_grad_()
    y = x.clone()
    a = y.view(2, 3)
    b = a.t()
    c = b[1]
    c.mul_(100)
    (y * torch.arange(6.0)).sum().backward()
    print(y, a, c, x.grad)


def prog_setitem(torch):
    x = torch.arange(4.0).requires_grad_()
    w = torch.tensor(10.0, requires_grad=True)
    y = x * 2
    y[1] = w * 3
    y[2:] = 0
    print(y)
    (y * y).sum().backward()
    print(x.grad, w.grad)


def prog_setitem_mask_and_index(torch):
    x = torch.arange(5.0).requires_grad_()
    y = x * 1
    y[y > 2] = 0.0
    y[[0, 1]] = torch.tensor([7.0, 8.0])
    print(y)
    y.sum().backward()
    print(x.grad)


def prog_copy_(torch):
    x = torch.ones(3, requires_grad=True)
    y = torch.zeros(3)
    y.copy_(x * 2)
    print(y)
    y.sum().backward()
    print(x.grad)


def prog_copy_into_view(torch):
    x = torch.ones(2, requires_grad=True)
    buffer = torch.zeros(2, 2)
    buffer[0] = x * 3
    buffer[1].copy_(x)
    print(buffer)
    buffer.sum().backward()
    print(x.grad)


def prog_multi_output_views(torch):
    x = torch.arange(4.0).requires_grad_()
    y = x * 1
    for make in (lambda: y.unbind()[0], lambda: y.split(2)[0], lambda: y.chunk(2)[0]):
        v = make()
        try:
            v.add_(1)
            print("done")
        except RuntimeError as e:
            print("multiple views" in str(e), "modified inplace" in str(e))


def prog_view_made_in_no_grad(torch):
    x = torch.ones(4, requires_grad=True)
    y = x * 1
    with torch.no_grad():
        v = y[:2]
    print(v.requires_grad)
    try:
        v.add_(1)
        print("done")
    except RuntimeError as e:
        print("no_grad" in str(e))


def prog_in_place_on_leaf_views_under_no_grad(torch):
    x = torch.zeros(2, 2, requires_grad=True)
    with torch.no_grad():
        x[0].fill_(3)
        x.view(-1)[3] = 9
    print(x, x._version)


def prog_fill_zero_(torch):
    x = torch.ones(3, requires_grad=True)
    y = x * 5
    y.zero_()
    y.add_(x)
    y.sum().backward()
    print(x.grad)
    y = x * 5
    y.fill_(2)
    print(y, y.requires_grad)


def prog_relu_(torch):
    x = torch.tensor([-1.0, 2.0], requires_grad=True)
    y = (x * 2).relu_()
    y.sum().backward()
    print(y, x.grad)


def prog_add_twice(torch):
    x = torch.ones(2, requires_grad=True)
    y = x * 2
    y += x
    y += x
    y *= 3
    y.sum().backward()
    print(y, x.grad)


def prog_in_place_keeps_identity(torch):
    x = torch.ones(2, requires_grad=True)
    y = x * 2
    before = id(y)
    node = y.grad_fn
    z = y.add_(1)
    print(z is y, id(y) == before, y.grad_fn is node, y.grad_fn.name())


def prog_requires_grad_by_in_place(torch):
    x = torch.zeros(2)
    w = torch.ones(2, requires_grad=True)
    x.add_(w)
    print(x.requires_grad, x.is_leaf, x.grad_fn.name())


def prog_expand_in_place(torch):
    attempt(lambda: torch.zeros(1).expand(3).add_(1))
    attempt(lambda: torch.zeros(3).add_(torch.ones(2, 3)))
    attempt(lambda: torch.zeros(3, dtype=torch.int64).add_(1.5))
    attempt(lambda: torch.zeros(3, dtype=torch.int64).add_(2))
    attempt(lambda: torch.zeros(3).add_(1 + 2j))


def prog_overlap(torch):
    x = torch.arange(5.0)
    attempt(lambda: x[1:].add_(x[:-1]))


def prog_t_and_unsqueeze_in_place(torch):
    x = torch.arange(6.0).reshape(2, 3)
    x.t_()
    print(x.shape)
    x.unsqueeze_(0)
    x.squeeze_()
    x.transpose_(0, 1)
    print(x.shape, x)


def prog_detached_alias_changed(torch):
    x = torch.ones(2, requires_grad=True)
    y = x * 1
    z = (y * y).sum()
    y.detach().add_(1)
    try:
        z.backward()
        print("silent")
    except RuntimeError as e:
        print("inplace" in str(e))


def prog_detach_view_in_place_(torch):
    x = torch.ones(2, requires_grad=True)
    y = x * 1
    v = y.view(2)
    attempt(lambda: v.detach_())
    y.detach_()
    print(y.requires_grad)


def prog_inplace_on_view_of_nongrad_base(torch):
    base = torch.zeros(3)
    w = torch.ones(2, requires_grad=True)
    base[:2].add_(w)
    print(base, base.requires_grad)
    base.sum().backward()
    print(w.grad)
