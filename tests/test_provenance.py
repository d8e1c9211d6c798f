"""Nodes and errors know the line of user code."""

import traceback

import pytest

import adjoint as torch
from adjoint import _core


def line_of(function, marker):
    """The number of the line of this file that ends with a marker comment."""
    import inspect

    lines, first = inspect.getsourcelines(function)
    return first + next(i for i, text in enumerate(lines) if text.rstrip().endswith("# " + marker))


def test_node_knows_its_line():
    x = torch.ones(3, requires_grad=True)
    y = x * 2  # here
    file, line, text = y.grad_fn.where
    assert file == __file__
    assert line == line_of(test_node_knows_its_line, "here")
    assert text == "y = x * 2  # here"
    assert _core._node_where(y.grad_fn) == y.grad_fn.where


def test_frames_of_the_package_are_passed_over():
    x = torch.ones(3, requires_grad=True)
    with torch.enable_grad():
        y = torch.autograd.grad((x * x * x).sum(), x, create_graph=True)[0]  # end
    file, line, _ = y.grad_fn.where
    assert file == __file__
    assert abs(line - line_of(test_frames_of_the_package_are_passed_over, "end")) <= 1


def test_inside_generators_and_comprehensions():
    x = torch.ones(3, requires_grad=True)

    def produce():
        yield x * 2  # yielded

    assert next(produce()).grad_fn.where[1] == line_of(test_inside_generators_and_comprehensions, "yielded")
    ys = [x * i for i in range(3)]  # listed
    assert ys[1].grad_fn.where[1] == line_of(test_inside_generators_and_comprehensions, "listed")


def test_threads():
    import threading

    x = torch.ones(3, requires_grad=True)
    out = []

    def work():
        out.append(x * 2)  # worked

    t = threading.Thread(target=work)
    t.start()
    t.join()
    assert out[0].grad_fn.where[1] == line_of(test_threads, "worked")


def test_exec_without_a_file():
    space = {"x": torch.ones(3, requires_grad=True)}
    exec("y = x * 2", space)
    assert space["y"].grad_fn.where == ("<string>", 1, "")


def test_switched_off():
    x = torch.ones(3, requires_grad=True)
    _core._set_provenance(False)
    try:
        assert (x * 2).grad_fn.where is None
    finally:
        _core._set_provenance(True)


def test_hook_exception_keeps_its_class_and_gets_a_note():
    class Mine(Exception):
        pass

    def hook(g):
        raise Mine("from the hook")

    x = torch.ones(3, requires_grad=True)
    y = x * 2  # forward
    y.register_hook(hook)
    with pytest.raises(Mine, match="from the hook") as caught:
        y.sum().backward()
    if hasattr(caught.value, "__notes__"):
        assert any("y = x * 2  # forward" in note for note in caught.value.__notes__)
    assert any(frame.name == "hook" for frame in traceback.extract_tb(caught.value.__traceback__))


def test_backward_exception_of_a_custom_function():
    class Bad(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x.clone()

        @staticmethod
        def backward(ctx, g):
            raise KeyError("mine")

    y = Bad.apply(torch.ones(3, requires_grad=True))
    with pytest.raises(KeyError) as caught:
        y.sum().backward()
    if hasattr(caught.value, "__notes__"):
        assert "BadBackward" in caught.value.__notes__[0] and "Bad.apply" in caught.value.__notes__[0]


def test_error_of_a_changed_saved_tensor_names_both_lines():
    x = torch.ones(3, requires_grad=True)
    y = x * 1
    z = y * y  # saved
    y.add_(1)  # changed
    with pytest.raises(RuntimeError, match="modified by an inplace operation") as caught:
        z.sum().backward()
    assert "z = y * y  # saved" in str(caught.value)
    assert "y.add_(1)  # changed" in str(caught.value)


def test_error_of_a_freed_graph_names_the_line():
    x = torch.ones(3, requires_grad=True)
    y = x * x  # freed
    y.sum().backward()
    with pytest.raises(RuntimeError, match="backward through the graph a second time") as caught:
        y.sum().backward()
    assert "y = x * x  # freed" in str(caught.value)


def test_anomaly_mode_names_the_first_bad_operation():
    with torch.autograd.set_detect_anomaly(True):
        x = torch.zeros(3, requires_grad=True)
        y = x / x  # division
        assert "division" in y.grad_fn.metadata["traceback_"][-1]
        with (
            pytest.warns(UserWarning, match="Error detected in DivBackward0") as warned,
            pytest.raises(RuntimeError, match="Function 'DivBackward0' returned nan values in its"),
        ):
            y.sum().backward()
        assert "# division" in str(warned[0].message)
