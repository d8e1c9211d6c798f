"""No use of the library, however odd, crashes or hangs the process: what in-process tests cannot try.

Each program runs in an interpreter of its own, with faulthandler on, and must end well and print what it says.
"""

import ctypes
import sys
import threading

import pytest
from support import run

import adjoint as torch
from adjoint.autograd.graph import saved_tensors_hooks

# --- importing ---


def test_import_in_a_thread():
    code = """
import threading
def work():
    import adjoint as torch
    x = torch.ones(2, requires_grad=True)
    (x * x).sum().backward()
    print(x.grad.tolist())
t = threading.Thread(target=work)
t.start()
t.join()
"""
    assert run(code, head="") == ["[2.0, 2.0]"]


def test_import_without_numpy():
    code = """
import sys
sys.modules["numpy"] = None
import adjoint as torch
print(torch.asarray(bytearray(b"ab")).tolist(), torch.ones(2))
try:
    torch.ones(2).numpy()
except ModuleNotFoundError as e:
    print("numpy" in str(e))
"""
    assert run(code, head="") == ["[97, 98] tensor([1., 1.])", "True"]


HEAVY = "numpy inspect typing dataclasses enum re functools collections warnings traceback contextlib".split()


def test_import_brings_nothing_heavy():
    # Without site: what it imports for the environment's sake (.pth files) is not ours.
    code = "import sys; before = set(sys.modules); import adjoint; print(*set(sys.modules) - before)"
    (line,) = run(code, head="import sys; sys.path[:] = %r\n" % sys.path, flags=["-S"])
    brought = {name.split(".")[0] for name in line.split()}
    assert "adjoint" in brought
    assert not brought & set(HEAVY)


@pytest.mark.skipif(sys.version_info >= (3, 13), reason="the module for sub-interpreters has another name")
def test_a_sub_interpreter_cannot_import():
    code = """
import _xxsubinterpreters as s
i = s.create()
s.run_string(i, '''
import sys
sys.path[:] = %r
try:
    import adjoint
except ImportError as e:
    print(e.__cause__ or e, flush=True)
''' % __import__("sys").path)
s.destroy(i)
print(torch.ones(2))
"""
    assert run(code) == [
        "adjoint: cannot be imported in a sub-interpreter; use threads or processes",
        "tensor([1., 1.])",
    ]


def test_a_second_copy_cannot_be_imported():
    code = """
import sys
for name in [n for n in sys.modules if n.startswith("adjoint")]:
    del sys.modules[name]
try:
    import adjoint
except ImportError as e:
    print(e.__cause__ or e)
"""
    assert run(code) == ["adjoint: cannot be imported twice in a process; restart Python instead"]


# --- the end of a process, and forks ---


def test_daemon_threads_may_compute_at_exit():
    code = """
import threading, time
def work():
    x = torch.ones(300, 300, requires_grad=True)
    while True:
        (x @ x).exp()
for _ in range(3):
    threading.Thread(target=work, daemon=True).start()
time.sleep(0.2)
print("end")
"""
    assert run(code) == ["end"]


def test_graphs_and_hooks_may_live_at_exit():
    code = """
import sys
x = torch.ones(3, requires_grad=True)
for i in range(50):
    y = x * i
    y.register_hook(lambda g: g)
    y.me = y
    setattr(sys, f"kept{i}", y)
print("end")
"""
    assert run(code) == ["end"]


def test_fork_after_threads_worked():
    code = """
import os
a, big = torch.ones(500, 500), torch.ones(3_000_000)
a @ a, big.exp().sum()
pid = os.fork()
if pid == 0:
    right = float((a @ a)[0, 0]) == 500 and float(big.sum()) == 3_000_000
    os._exit(0 if right else 1)
print(os.waitpid(pid, 0)[1])
"""
    assert run(code) == ["0"]


def test_absurd_numbers_of_threads():
    code = """
import threading
from pathlib import Path
torch.set_num_threads(100_000)
print(float(torch.ones(5_000_000).sum()), len(list(Path("/proc/self/task").iterdir())) <= 1024)
"""
    assert run(code) == ["5000000.0 True"]


def test_ctrl_c_between_large_nodes():
    # No hooks: Python code would see the signal by itself. x's gradient is complete at the very end only.
    code = """
import signal
x = torch.randn(600, 600, requires_grad=True)
y = x
for _ in range(60):
    y = (y @ x) * 0.01
loss = y.sum()
signal.signal(signal.SIGALRM, signal.default_int_handler)
signal.setitimer(signal.ITIMER_REAL, 0.02)
try:
    loss.backward()
except KeyboardInterrupt:
    print(x.grad is None)
"""
    assert run(code) == ["True"]


# --- buffers that are not NumPy's ---


def test_buffers_without_strides():
    array = (ctypes.c_float * 3 * 2)((1, 2, 3), (4, 5, 6))
    t = torch.asarray(array)
    assert t.tolist() == [[1, 2, 3], [4, 5, 6]]
    t[1, 2] = 7
    assert array[1][2] == 7


def test_buffers_of_structures_are_refused():
    class Pair(ctypes.Structure):
        _fields_ = (("a", ctypes.c_int), ("b", ctypes.c_float))

    with pytest.raises(TypeError, match="can't convert"):
        torch.asarray((Pair * 3)())


def test_frombuffer_counts_do_not_overflow():
    with pytest.raises(ValueError, match="must not be greater than actual buffer length"):
        torch.frombuffer(bytearray(8), dtype=torch.float64, count=2**62, offset=4)


# --- unpack hooks that give something else ---


def gradient(operation, unpacked):
    x = torch.ones(3, requires_grad=True)
    with saved_tensors_hooks(lambda t: t, lambda t: unpacked):
        y = operation(x).sum()
        y.backward()
    return x.grad


OPERATIONS = [lambda x: x * x, lambda x: x.exp(), lambda x: x.softmax(0), lambda x: x.cumprod(0)]


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("shape", [(2,), (7,), (0,), (1, 3), (3, 3)])
def test_unpacking_another_shape(operation, shape):
    with pytest.raises(RuntimeError, match=r"must match the size of"):
        gradient(operation, torch.ones(shape))


@pytest.mark.parametrize("operation", OPERATIONS)
def test_unpacking_on_another_device(operation):
    with pytest.raises(RuntimeError, match="Tensor on device meta is not on the expected device cpu"):
        gradient(operation, torch.ones(3, device="meta"))


def test_unpacking_what_fits():
    assert gradient(lambda x: x.exp(), torch.full((1,), 5.0)).tolist() == [5, 5, 5]
    g = gradient(lambda x: x.exp(), torch.full((3,), 5.0, dtype=torch.float64))
    assert g.dtype == torch.float32 and g.tolist() == [5, 5, 5]


# --- threads at once ---


def test_threads_share_a_graph():
    x = torch.randn(32, 32, requires_grad=True)
    y = (x @ x).sin().sum()
    (once,) = torch.autograd.grad(y, x, retain_graph=True)
    wrong = []

    def work():
        for _ in range(30):
            (g,) = torch.autograd.grad(y, x, retain_graph=True)
            if not torch.equal(g, once):
                wrong.append(g)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not wrong


def test_one_of_several_threads_gets_a_graph():
    x = torch.ones(3, requires_grad=True)
    y = (x * x).sum()
    came = []

    def work():
        try:
            came.append(y.backward())
        except RuntimeError as e:
            came.append("second time" in str(e))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert came.count(None) == 1 and came.count(True) == 3
