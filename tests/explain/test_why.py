"""Planted faults, each with the sentence and the line that `why` gives."""

import inspect

import pytest

import adjoint as torch
from adjoint.explain import why


def line_of(marker):
    """The number of the line of the calling function that ends with a marker comment."""
    frame = inspect.currentframe().f_back
    lines, first = inspect.getsourcelines(frame.f_code)
    return first + next(i for i, text in enumerate(lines) if text.rstrip().endswith("# " + marker))


def told(d, kind, *words, line=None):
    assert d.kind == kind, str(d)
    for word in words:
        assert word in " ".join(d.sentences), str(d)
    if line is not None:
        assert f"line {line} of" in " ".join(d.sentences), str(d)
        assert line in [w.line for w in d.lines]


def leaf(*values):
    return torch.tensor(list(values), requires_grad=True)


def test_detach():
    w, v = leaf(1.0, 2.0), leaf(3.0, 4.0)
    h = w * 2
    loss = (h.detach() * v).sum()  # cut
    loss.backward()
    told(why(w), "cut_by_detach", "detach()", line=line_of("cut"))
    assert why(v).is_healthy


def test_no_grad():
    w = leaf(1.0)
    with torch.no_grad():
        loss = (w * 2).sum()  # cut
    told(why(w), "cut_by_no_grad", "no_grad", line=line_of("cut"))
    told(why(loss), "cut_by_no_grad", line=line_of("cut"))
    told(why(w, loss), "cut_by_no_grad", line=line_of("cut"))


def test_data():
    w = leaf(1.0)
    loss = (w.data * 2).sum()  # cut
    told(why(w, loss), "cut_by_data", ".data", line=line_of("cut"))


@pytest.mark.parametrize(
    ("f", "kind"),
    [
        (lambda w: w.long().sum(), "cut_by_cast"),
        (lambda w: (w > 0).float().sum(), "cut_by_comparison"),
    ],
)
def test_values_that_leave_the_graph(f, kind):
    w = leaf(1.0, 2.0)
    loss = f(w)
    d = why(w, loss)
    assert d.kind == kind, str(d)
    assert d.remedy


def test_numbers_read_out():
    w = leaf(1.0, 2.0)
    total = w.sum()
    loss = torch.tensor(total.item()) * 2  # item
    told(why(w, loss), "cut_by_item", "item()", line=line_of("item"))
    v = leaf(3.0)
    loss = torch.tensor(v.tolist()) * 2  # list
    told(why(v, loss), "cut_by_tolist", "tolist()", line=line_of("list"))


def test_requires_grad_set_on_a_detached_loss():
    w = leaf(1.0, 2.0)
    loss = (w * 2).sum().detach()  # cut
    loss.requires_grad = True
    loss.backward()
    told(why(w), "requires_grad_after_cut", "brings no history back", line=line_of("cut"))
    told(why(loss), "requires_grad_after_cut", line=line_of("cut"))


def test_not_called_not_a_leaf_cleared_and_healthy():
    w = leaf(1.0, 2.0)
    h = w * 3  # result
    loss = h.sum()  # loss
    d = why(w)
    assert d.kind in ("backward_not_called", "backward_on_other")
    assert f"line {line_of('loss')} of" in str(d)
    told(why(h), "not_a_leaf", "not a leaf", line=line_of("result"))
    loss.backward()
    told(why(w), "healthy", "norm is 4.243", line=line_of("result"))
    w.grad = None
    told(why(w), "grad_cleared", "None now")


def test_replaced_leaf():
    w = leaf(1.0)
    (w * 2).sum().backward()
    w = w - 0.1 * w.grad  # replaced
    told(why(w), "not_a_leaf", "replaced", line=line_of("replaced"))


def test_never_in_the_graph_and_never_asked():
    w, u = leaf(1.0), leaf(2.0)
    loss = (w * 2).sum()
    told(why(u, loss), "not_in_graph", "not part of the graph of loss")
    told(why(torch.ones(2)), "no_requires_grad", "nobody asked")
    told(why(torch.tensor([1])), "no_requires_grad", "integer")


def test_dead_relu_before_and_after_the_graph_is_freed():
    w = leaf(1.0, 2.0)
    h = torch.relu(w - 10)  # dead
    loss = h.sum()
    told(why(w, loss), "dead_relu", "all 2 units are inactive", line=line_of("dead"))
    loss.backward()
    told(why(w), "dead_relu", "was freed by backward()", line=line_of("dead"))


@pytest.mark.parametrize(
    ("f", "kind", "words"),
    [
        (lambda w: torch.sigmoid(w * 1000).sum(), "saturated", "sigmoid"),
        (lambda w: (w + 100).tanh().sum(), "saturated", "tanh"),
        (lambda w: (w + 9).clamp(-1, 1).sum(), "clamped", "-1 and 1"),
        (lambda w: (w * 0).sum(), "multiplied_by_zero", "by 0"),
        (lambda w: (w * torch.zeros(2)).sum(), "multiplied_by_zero", "0 everywhere"),
        (lambda w: torch.where(w > 100, w, torch.zeros(2)).sum(), "masked", "none of 2"),
        (lambda w: torch.sign(w).sum(), "zero_derivative", "sign"),
        (lambda w: torch.round(w).sum(), "zero_derivative", "round"),
        (lambda w: torch.maximum(w, torch.full((2,), 50.0)).sum(), "not_selected", "other operand"),
        (lambda w: torch.cat([w, w.detach() + 50]).max(), "not_selected", "max"),
        (lambda w: torch.softmax(w, 0).sum(), "stationary", "add up to 1"),
        (lambda w: (w - w).sum(), "cancelled", "cancel"),
    ],
)
def test_zero(f, kind, words):
    w = leaf(1.25, 2.25)
    loss = f(w)
    told(why(w, loss), kind, words)
    loss.backward(retain_graph=True)
    told(why(w, loss), kind, words, "zero everywhere")


def test_zero_from_a_custom_function():
    class Nothing(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, g):
            return g * 0

    w = leaf(1.0)
    loss = Nothing.apply(w).sum()  # called
    told(why(w, loss), "custom_function", "Nothing", line=line_of("called"))


def test_where_after_the_square_root():
    x = leaf(0.0, 4.0)
    loss = torch.where(x > 0, x.sqrt(), x).sum()  # late
    d = why(x, loss)
    told(d, "nan_backward", "sqrt", "0·∞", line=line_of("late"))
    assert "where before the sqrt" in d.remedy


@pytest.mark.parametrize(
    ("f", "kind", "words", "remedy"),
    [
        (lambda x: (x - 1).log().mean(), "nan_forward", "log", "log1p"),
        (lambda x: (x * 1000).exp().mean(), "inf_forward", "exp", "logsumexp"),
        (lambda x: x.sqrt().sum(), "inf_backward", "sqrt", "sqrt(x + eps)"),
        (lambda x: ((x - 1) ** 0.3).sum(), "nan_forward", "pow", "fractional"),
        (lambda x: (x * torch.tensor([1.0, float("nan")])).sum(), "nonfinite_data", "from the start", "isfinite"),
    ],
)
def test_not_finite(f, kind, words, remedy):
    x = leaf(0.0, 4.0)
    loss = f(x)
    d = why(x, loss)
    told(d, kind, words)
    assert remedy in d.remedy


def test_vanishing_and_exploding():
    for factor, kind in ((0.1, "vanishing"), (10.0, "exploding")):
        w = leaf(1e-12)
        h = w
        for _ in range(12):
            h = h * factor
        d = why(w, h.sum())
        assert d.kind == kind, str(d)
        assert "gain" in d.table.header and len(d.table.rows) >= 12
        assert str(d.table) in str(d).replace("    ", "") or "gain" in str(d)


def test_forms_and_bad_input():
    w = leaf(1.0)
    d = why(w, (w * 0).sum())
    assert str(d) == repr(d) and "Remedy:" in str(d)
    assert "multiplied_by_zero" in d._repr_html_() and "**" in d._repr_markdown_()
    with pytest.raises(TypeError, match="expected tensor to be a tensor, got int"):
        why(3)
    with pytest.raises(TypeError, match="expected loss to be a tensor, got str"):
        why(w, "loss")


def test_asking_leaves_nothing_behind():
    w = leaf(1.0, 2.0)
    loss = (w * w).sum()
    before = len(torch._core._cuts())
    why(w, loss)
    assert w.grad is None and len(torch._core._cuts()) == before
    loss.backward()


@pytest.mark.parametrize("seed", range(25))
def test_no_false_alarm_on_random_graphs(seed):
    import random

    choose = random.Random(seed)
    torch.manual_seed(seed)
    w = torch.randn(3, 3, requires_grad=True)
    values = [w, torch.randn(3, 3)]
    for _ in range(choose.randint(1, 12)):
        a, b = choose.choice(values), choose.choice(values)
        steps = [lambda: a + b, lambda: a * 0.7, lambda: a.sin() + b, lambda: a @ b * 0.3, lambda: a.tanh()]
        values.append(choose.choice(steps)())
    loss = (values[-1] + w).mean()
    told(why(w, loss), "backward_not_called" if not torch._core._leaf_state(w)["passes"] else "backward_on_other")
    loss.backward(retain_graph=True)
    told(why(w, loss), "healthy")


def test_left_out_by_inputs():
    w, v = leaf(1.0), leaf(2.0)
    loss = (w * v).sum()  # loss
    loss.backward(inputs=[v])
    d = why(w, loss)
    told(d, "backward_left_out", "ran through loss", "without giving w a gradient", line=line_of("loss"))
    assert "name it among the inputs" in d.remedy
    assert why(v).is_healthy


def test_left_out_by_a_custom_function():
    class Stops(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, g):
            return None

    w = leaf(1.0)
    loss = Stops.apply(w).sum()  # called
    loss.backward()
    d = why(w, loss)
    told(d, "backward_left_out", "nothing came to w", "Stops", "gave None", line=line_of("called"))
    assert "return a gradient" in d.remedy


def test_freed_by_an_earlier_pass():
    w, v = leaf(1.0), leaf(2.0)
    h = v.exp()  # freed
    (h * 1).sum().backward()
    loss = (w * h).sum()
    d = why(w, loss)
    told(d, "graph_freed", "freed part of its graph", "exp", line=line_of("freed"))
    assert "retain_graph=True" in d.remedy


def test_inference_mode():
    w = leaf(1.0)
    with torch.inference_mode():
        loss = (w * 2).sum()  # cut
    d = why(w, loss)
    told(d, "cut_by_inference_mode", "inference_mode, which mul ran under", line=line_of("cut"))
    assert "outside inference_mode" in d.remedy


def test_numpy():
    np = pytest.importorskip("numpy")
    w = leaf(1.0, 2.0)
    h = w * 2
    loss = torch.from_numpy(np.tanh(h.numpy(force=True))).sum()  # read
    d = why(w, loss)
    told(d, "cut_by_numpy", "left the graph by numpy()", line=line_of("read"))
    assert "stay with tensors" in d.remedy


@pytest.mark.filterwarnings("ignore:To copy construct")
def test_copy():
    w = leaf(1.0, 2.0)
    loss = torch.tensor(w * 2).sum()  # copied
    d = why(w, loss)
    told(d, "cut_by_copy", "torch.tensor(...), which copies values only", line=line_of("copied"))
    assert "stack or cat" in d.remedy


@pytest.mark.parametrize("f", [lambda w: w.argmax(), lambda w: w.max(0).indices, lambda w: w.topk(1).indices])
def test_integer_result(f):
    w = leaf(1.0, 2.0)
    loss = f(w) * 2
    d = why(w, loss)
    told(d, "cut_by_integer_result", "whose result is integer")
    assert "positions and counts have no gradient" in d.remedy
