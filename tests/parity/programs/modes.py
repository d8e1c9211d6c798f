"""Grad modes."""


def prog_nesting(torch):
    state = torch.is_grad_enabled
    with torch.no_grad():
        print(state())
        with torch.enable_grad():
            print(state())
            with torch.set_grad_enabled(False):
                print(state())
            print(state())
        print(state())
    print(state())


def prog_decorators(torch):
    @torch.no_grad()
    def f(x):
        "doc of f"
        return (x * 2).requires_grad

    @torch.no_grad
    def g(x):
        return (x * 2).requires_grad

    @torch.enable_grad()
    def h(x):
        return (x * 2).requires_grad

    x = torch.ones(1, requires_grad=True)
    print(f(x), g(x), f.__name__, f.__doc__)
    with torch.no_grad():
        print(h(x))
    print(torch.is_grad_enabled())


def prog_generators(torch):
    @torch.no_grad()
    def gen():
        got = yield torch.is_grad_enabled()
        print("got", got, torch.is_grad_enabled())
        try:
            yield torch.is_grad_enabled()
        except ValueError:
            print("thrown", torch.is_grad_enabled())
            yield "after"
        finally:
            print("closing", torch.is_grad_enabled())
        return 5

    g = gen()
    print(next(g), torch.is_grad_enabled())
    print(g.send("hello"), torch.is_grad_enabled())
    print(g.throw(ValueError()))
    g.close()

    @torch.no_grad()
    def returns():
        yield 1
        return 7

    def outer():
        r = yield from returns()
        print("returned", r)

    print(list(outer()))


def prog_exception_restores(torch):
    try:
        with torch.no_grad():
            raise ValueError
    except ValueError:
        pass
    print(torch.is_grad_enabled())


def prog_set_grad_enabled_function(torch):
    torch.set_grad_enabled(False)
    print(torch.is_grad_enabled())
    torch.set_grad_enabled(True)
    f = torch.set_grad_enabled(False)(lambda: torch.is_grad_enabled())
    print(torch.is_grad_enabled(), f())


def prog_inference_mode(torch):
    x = torch.ones(2, requires_grad=True)
    with torch.inference_mode():
        y = x * 2
        print(y.requires_grad, y.is_inference(), torch.is_grad_enabled(), torch.is_inference_mode_enabled())
        y.add_(1)
    print(y, y.is_inference(), x.is_inference())
    for f in (lambda: y.add_(1), lambda: x * y, lambda: y.requires_grad_(), lambda: y._version):
        try:
            f()
            print("done")
        except RuntimeError as e:
            print("nference" in str(e))
    print((y + 1).is_inference(), y.clone().is_inference())


def prog_inference_mode_off_inside(torch):
    with torch.inference_mode():
        with torch.inference_mode(False):
            print(torch.is_inference_mode_enabled(), torch.is_grad_enabled())
            print((torch.ones(1, requires_grad=True) * 2).requires_grad)
        print(torch.is_inference_mode_enabled())


def prog_threads_have_own_modes(torch):
    import threading

    seen = []
    with torch.no_grad():
        t = threading.Thread(target=lambda: seen.append(torch.is_grad_enabled()))
        t.start()
        t.join()
    print(seen)


def prog_no_grad_keeps_requires_grad_of_leaves(torch):
    with torch.no_grad():
        x = torch.ones(2, requires_grad=True)
        print(x.requires_grad, (x + 1).requires_grad, x.clone().requires_grad)


def prog_anomaly(torch):
    x = torch.zeros(1, requires_grad=True)
    with torch.autograd.detect_anomaly():
        print(torch.is_anomaly_enabled())
        try:
            (x.sqrt() * 0).sum().backward()
        except RuntimeError as e:
            print("nan" in str(e), "SqrtBackward0" in str(e))
    print(torch.is_anomaly_enabled())
    (x.sqrt() * 0).sum().backward()
    print(x.grad)
