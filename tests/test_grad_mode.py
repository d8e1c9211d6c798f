"""no_grad, enable_grad, set_grad_enabled, inference_mode: contexts, decorators, generators."""

import asyncio
import threading

import pytest
from support import error_of, leaf, torch

on = torch.is_grad_enabled


@pytest.mark.parametrize("make,inside", [(lambda: torch.no_grad(), False), (lambda: torch.enable_grad(), True), (lambda: torch.set_grad_enabled(False), False), (lambda: torch.set_grad_enabled(True), True), (lambda: torch.inference_mode(), False), (lambda: torch.inference_mode(False), True)])  # fmt: skip
@pytest.mark.parametrize("outside", [True, False])
def test_contexts(make, inside, outside):
    with torch.set_grad_enabled(outside):
        with make():
            assert on() is inside
        assert on() is outside
        with pytest.raises(KeyError), make():
            raise KeyError
        assert on() is outside
    assert on()


@pytest.mark.parametrize("deco,inside", [(lambda: torch.no_grad(), False), (lambda: torch.no_grad, False), (lambda: torch.enable_grad(), True), (lambda: torch.enable_grad, True), (lambda: torch.set_grad_enabled(False), False), (lambda: torch.inference_mode(), False), (lambda: torch.inference_mode, False)])  # fmt: skip
def test_decorators(deco, inside):
    @deco()
    def f(a, *, b=2):
        "doc"
        return on(), a, b

    assert f(1, b=3) == (inside, 1, 3) and on()
    assert f.__name__ == "f" and f.__doc__ == "doc" and f.__wrapped__
    with torch.no_grad():
        assert f(1)[0] is inside


torch.set_grad_enabled(True)  # one of the decorators above was made, and so switched recording off


def test_decorated_method():
    class A:
        @torch.no_grad()
        def m(self):
            return on()

        @classmethod
        @torch.no_grad()
        def c(cls):
            return on()

        @staticmethod
        @torch.no_grad
        def s():
            return on()

    assert not A().m() and not A.c() and not A.s()


def test_recursion():
    @torch.no_grad()
    def f(n):
        return on() if n == 0 else f(n - 1)

    assert f(10) is False and on()


def test_decorating_a_class_warns():
    with pytest.warns(FutureWarning, match="Decorating classes is deprecated"):

        @torch.no_grad()
        class A:
            pass


def test_generator():
    @torch.no_grad()
    def gen():
        for _ in range(3):
            assert not on()
            yield on()

    for inside in gen():
        assert inside is False and on()


def test_generator_send_throw_close():
    log = []

    @torch.no_grad()
    def gen():
        try:
            got = yield 1
            log.append((got, on()))
            try:
                yield 2
            except KeyError:
                log.append(("caught", on()))
                yield 3
        finally:
            log.append(("end", on()))

    g = gen()
    assert next(g) == 1 and g.send("x") == 2 and g.throw(KeyError()) == 3
    g.close()
    assert log == [("x", False), ("caught", False), ("end", False)] and on()


def test_generator_return_value_and_error():
    @torch.no_grad()
    def gen():
        yield 1
        return 42

    def outer():
        return (yield from gen())

    g = outer()
    next(g)
    with pytest.raises(StopIteration) as e:
        next(g)
    assert e.value.value == 42

    @torch.no_grad()
    def bad():
        yield 1
        raise KeyError

    g = bad()
    next(g)
    with pytest.raises(KeyError):
        next(g)
    assert on()


def test_interleaved_generators():
    @torch.no_grad()
    def a():
        while True:
            yield on()

    @torch.enable_grad()
    def b():
        while True:
            yield on()

    x, y = a(), b()
    with torch.no_grad():
        for _ in range(3):
            assert next(x) is False and next(y) is True and not on()


def test_coroutine_function():
    @torch.no_grad()
    async def f():
        return 5

    assert asyncio.run(f()) == 5


def test_set_grad_enabled_as_function():
    torch.set_grad_enabled(False)
    assert not on()
    torch.set_grad_enabled(True)
    assert on()


@pytest.mark.parametrize("bad", ["a", 1, None, 2.5])
def test_set_grad_enabled_bad(bad):
    with pytest.raises(TypeError):
        torch.set_grad_enabled(bad)
    assert on()


def test_set_grad_enabled_repr():
    assert repr(torch.set_grad_enabled(True)) == "torch.autograd.grad_mode.set_grad_enabled(mode=True)"


def test_contexts_give_none():
    with torch.no_grad() as x, torch.enable_grad() as y, torch.set_grad_enabled(True) as z:
        assert x is y is z is None


def test_threads():
    seen = []
    with torch.no_grad():
        t = threading.Thread(target=lambda: seen.append(on()))
        t.start()
        t.join()
    assert seen == [True]


def test_results_do_not_require_grad():
    x = leaf(1.0)
    with torch.no_grad():
        for y in (x * 2, x + x, x.sum(), x.exp(), x.clone()):
            assert not y.requires_grad and y.grad_fn is None and y.is_leaf
        assert x.requires_grad and torch.ones(1, requires_grad=True).requires_grad


def test_graph_through_no_grad_part():
    x = leaf(2.0)
    with torch.no_grad():
        c = x * x
    (x * c).backward()
    assert x.grad.item() == 4


# --- inference mode ---


def test_inference_tensors():
    with torch.inference_mode():
        y = torch.ones(2)
        assert y.is_inference() and torch.is_inference_mode_enabled()
        assert (y * 2).is_inference()
    assert y.is_inference() and not torch.is_inference_mode_enabled()
    assert not y.clone().is_inference() and not (y + 1).is_inference() and y.view(2).is_inference()


@pytest.mark.parametrize("f,words", [(lambda y: y.add_(1), "Inplace update to inference tensor outside InferenceMode"), (lambda y: y.requires_grad_(), "inference tensor"), (lambda y: leaf(1.0, 1.0) * y, "Inference tensors cannot be saved for backward"), (lambda y: y._version, "do not track version counter"), (lambda y: y[0].zero_(), "inference tensor")])  # fmt: skip
def test_inference_tensors_outside(f, words):
    with torch.inference_mode():
        y = torch.ones(2)
    assert words in error_of(lambda: f(y), RuntimeError)


def test_inference_tensor_not_saved_is_fine():
    with torch.inference_mode():
        y = torch.ones(1)
    x = leaf(1.0)
    (x + y).backward()
    assert x.grad.item() == 1


def test_normal_tensor_changed_in_inference_mode():
    x = torch.ones(2)
    with torch.inference_mode():
        x.add_(1)
    assert not x.is_inference() and x._version == 1


def test_view_in_inference_mode_of_normal_tensor():
    x = leaf(1.0, 2.0) * 1
    with torch.inference_mode():
        v = x[:1]
        assert not v.is_inference()
    assert "inference mode" in error_of(lambda: v.add_(1), RuntimeError)


@pytest.mark.parametrize("requires_grad", [False, True])
def test_detached_in_inference_mode_is_a_normal_tensor(requires_grad):
    x = torch.ones(2, requires_grad=requires_grad)
    with torch.inference_mode():
        ys = [x.detach(), torch.detach(x), x.data, x.view(2).detach()]
        assert x.clone().detach().is_inference()
    for y in ys:
        assert not y.is_inference() and not y.requires_grad
        y.add_(1)
    assert (leaf(1.0, 1.0) * ys[0]).requires_grad


def test_inference_mode_with_bad_argument():
    assert torch.inference_mode(True)(lambda: torch.is_inference_mode_enabled())()
    assert not torch.inference_mode(mode=False)(lambda: torch.is_inference_mode_enabled())()


def test_inference_mode_generator():
    @torch.inference_mode()
    def gen():
        yield torch.is_inference_mode_enabled()
        yield torch.is_inference_mode_enabled()

    for inside in gen():
        assert inside and not torch.is_inference_mode_enabled()


def test_enable_grad_in_inference_mode_records_nothing_for_inference_tensors():
    with torch.inference_mode(), torch.enable_grad():
        assert on() and torch.is_inference_mode_enabled()


def test_saved_mode_with_multithreading_switch():
    with torch.autograd.set_multithreading_enabled(False):
        x = leaf(1.0)
        (x * 2).backward()
    assert x.grad.item() == 2


# --- anomaly mode ---


def test_anomaly_states():
    assert not torch.is_anomaly_enabled()
    with pytest.warns(UserWarning, match="Anomaly Detection"), torch.autograd.detect_anomaly():
        assert torch.is_anomaly_enabled() and torch.is_anomaly_check_nan_enabled()
    with torch.autograd.set_detect_anomaly(True, check_nan=False):
        assert torch.is_anomaly_enabled() and not torch.is_anomaly_check_nan_enabled()
    assert not torch.is_anomaly_enabled()
    torch.autograd.set_detect_anomaly(True)
    assert torch.is_anomaly_enabled()
    torch.autograd.set_detect_anomaly(False)
    with pytest.raises(TypeError):
        torch.autograd.set_detect_anomaly(3)


@pytest.mark.filterwarnings("ignore")
def test_anomaly_finds_nan():
    x = torch.zeros(1, requires_grad=True)
    with torch.autograd.set_detect_anomaly(True):
        y = (x.sqrt() * 0).sum()
        assert "Function 'SqrtBackward0' returned nan values in its 0th output" in error_of(y.backward, RuntimeError)
    with torch.autograd.set_detect_anomaly(True, check_nan=False):
        (x.sqrt() * 0).sum().backward()
    (x.sqrt() * 0).sum().backward()
