"""Batches out of workers: PyTorch's order and seeds, errors, ends of all kinds; nothing stays behind."""

import gc
import multiprocessing
import os
import signal
import subprocess
import sys
import textwrap
import time

import pytest
from support import joined, raised, torch

data = torch.utils.data

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "memfd_create"), reason="blocks need memfd_create"),
    pytest.mark.filterwarnings("ignore:This DataLoader will create"),
    pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork"),
]


class Drawn(data.Dataset):
    def __len__(self):
        return 5

    def __getitem__(self, i):
        info = data.get_worker_info()
        return i, torch.rand(1).item(), info.id, info.num_workers


class Faulty(data.Dataset):
    def __init__(self, what):
        self.what = what

    def __len__(self):
        return 6

    def __getitem__(self, i):
        if i == 3:
            self.what()
        return i


def fail(kind):
    def raising():
        raise kind("bad item")

    return raising


def alive():
    """Worker processes of ours that run."""
    return [p for p in multiprocessing.active_children() if p.name.startswith("adjoint-worker")]


def test_order_and_seeds_are_pytorchs():
    torch.manual_seed(0)
    x = torch.arange(20)
    loader = data.DataLoader(data.TensorDataset(x), batch_size=6, shuffle=True, num_workers=2)
    assert sorted(joined(b[0].tolist() for b in loader)) == list(range(20))
    torch.manual_seed(0)
    first = [b[0].tolist() for b in loader]
    torch.manual_seed(0)
    assert first == [b[0].tolist() for b in loader]
    torch.manual_seed(0)
    got = [[v.tolist() for v in batch] for batch in data.DataLoader(Drawn(), batch_size=2, num_workers=2)]
    assert [b[0] for b in got] == [[0, 1], [2, 3], [4]] and [b[2] for b in got] == [[0, 0], [1, 1], [0]]
    assert [round(v, 4) for b in got for v in b[1]] == RECORDED


RECORDED = [0.7821, 0.0536, 0.6938, 0.298, 0.9888]


def test_persistent_workers_give_the_same_again():
    loader = data.DataLoader(range(7), batch_size=2, num_workers=2, persistent_workers=True)
    first = [b.tolist() for b in loader]
    pids = {p.pid for p in alive()}
    going = iter(loader)
    next(going)
    assert [b.tolist() for b in loader] == first == [[0, 1], [2, 3], [4, 5], [6]]
    assert {p.pid for p in alive()} == pids
    del loader, going
    gc.collect()
    assert alive() == []


def test_batches_that_are_kept_keep_their_values():
    x = torch.arange(4000.0).view(200, 20)
    kept = list(data.DataLoader(data.TensorDataset(x), batch_size=4, num_workers=2))
    assert torch.equal(torch.cat([b[0] for b in kept]), x)
    part = kept[3][0][1]
    del kept
    gc.collect()
    assert part.tolist() == x[13].tolist()


def test_descriptors_do_not_pile_up():
    def count():
        return len(os.listdir("/proc/self/fd"))

    before, sizes = count(), []
    loader = data.DataLoader(data.TensorDataset(torch.zeros(400, 1000)), batch_size=4, num_workers=2)
    kept = []
    for batch in loader:
        kept.append(batch)
        sizes.append(count())
    assert max(sizes) <= before + 40  # of 100 batches
    del batch, kept, loader
    gc.collect()
    assert count() <= before + 1


@pytest.mark.parametrize("kind", [ValueError, KeyError, IndexError])
def test_an_error_in_a_worker_is_raised_here_as_pytorch_shows_it(kind):
    going = iter(data.DataLoader(Faulty(fail(kind)), batch_size=2, num_workers=2))
    assert next(going).tolist() == [0, 1]
    error = raised(lambda: next(going))
    assert type(error) is kind
    assert f"Caught {kind.__name__} in DataLoader worker process 1.\nOriginal Traceback" in str(error)
    assert "bad item" in str(error)
    assert next(going).tolist() == [4, 5]
    with pytest.raises(StopIteration):
        next(going)


def test_an_exception_class_that_cannot_travel():
    class Local(Exception):
        pass

    error = raised(lambda: list(data.DataLoader(Faulty(fail(Local)), batch_size=2, num_workers=1)))
    assert type(error) is RuntimeError and "Caught Local" in str(error)


def test_a_worker_that_is_killed_ends_in_an_error():
    def die():
        os.kill(os.getpid(), signal.SIGKILL)

    error = raised(lambda: list(data.DataLoader(Faulty(die), batch_size=2, num_workers=2)))
    assert type(error) is RuntimeError and "exited unexpectedly" in str(error) and "SIGKILL" in str(error)
    assert alive() == []


def test_a_worker_that_takes_too_long():
    loader = data.DataLoader(Faulty(lambda: time.sleep(30)), batch_size=2, num_workers=1, timeout=0.3)
    begin = time.monotonic()
    error = raised(lambda: list(loader))
    assert "timed out after 0.3 seconds" in str(error)
    del error
    gc.collect()
    assert alive() == [] and time.monotonic() - begin < 20


class Shares(data.IterableDataset):
    def __iter__(self):
        number = data.get_worker_info().id
        return iter(range(number * 10, number * 10 + (3 if number else 5)))


def test_iterable_datasets_end_worker_by_worker():
    loader = data.DataLoader(Shares(), batch_size=2, num_workers=2)
    assert [b.tolist() for b in loader] == [[0, 1], [10, 11], [2, 3], [12], [4]]


def test_out_of_order():
    loader = data.DataLoader(range(9), batch_size=2, num_workers=2, in_order=False)
    assert sorted(joined(b.tolist() for b in loader)) == list(range(9))


def test_worker_init_fn():
    def init(number):
        torch.manual_seed(number + 100)

    loader = data.DataLoader(Drawn(), batch_size=5, num_workers=1, worker_init_fn=init)
    (batch,) = loader
    torch.manual_seed(100)
    assert batch[1].tolist() == [torch.rand(1).item() for _ in range(5)]

    def broken(number):
        raise OSError("no disk")

    error = raised(lambda: list(data.DataLoader(Drawn(), num_workers=1, worker_init_fn=broken)))
    assert type(error) is OSError and "no disk" in str(error)


def test_what_a_batch_may_hold():
    items = [{"a": torch.ones(2, i + 1)[:, ::2], "empty": torch.zeros(0, 3), "n": None, "s": "x"} for i in range(3)]
    loader = data.DataLoader(items, batch_size=None, collate_fn=lambda item: item, num_workers=2)
    for got, item in zip(loader, items, strict=True):
        assert (
            torch.equal(got["a"], item["a"]) and got["empty"].shape == (0, 3) and got["n"] is None and got["s"] == "x"
        )
    error = raised(
        lambda: list(data.DataLoader([torch.ones(1, requires_grad=True) * 2], batch_size=None, num_workers=1))
    )
    assert "non-leaf" in str(error)


def test_resuming_with_workers():
    loader = data.DataLoader(range(10), batch_size=2, shuffle=True, num_workers=2)
    going = iter(loader)
    seen = [next(going).tolist(), next(going).tolist()]
    other = data.DataLoader(range(10), batch_size=2, shuffle=True, num_workers=2)
    other.load_state_dict(loader.state_dict())
    rest = [b.tolist() for b in other]
    assert rest == [b.tolist() for b in going]
    assert sorted(joined(seen + rest)) == list(range(10))


@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_other_ways_to_start(method, tmp_path):
    program = tmp_path / "program.py"
    program.write_text(
        textwrap.dedent(f"""
        import adjoint as torch
        if __name__ == "__main__":
            loader = torch.utils.data.DataLoader(
                torch.utils.data.TensorDataset(torch.arange(6)), batch_size=4, num_workers=1, multiprocessing_context={method!r})
            print([b[0].tolist() for b in loader])
        """)
    )
    done = subprocess.run([sys.executable, str(program)], capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "[[0, 1, 2, 3], [4, 5]]", done.stderr


@pytest.mark.parametrize("how", ["SIGINT", "SIGKILL", "exit", "exception"])
def test_no_worker_outlives_the_program(how, tmp_path):
    program = tmp_path / "program.py"
    program.write_text(
        textwrap.dedent("""
        import multiprocessing, os, sys, time
        import adjoint as torch
        loader = torch.utils.data.DataLoader(range(10**6), batch_size=2, num_workers=2, persistent_workers=True)
        going = iter(loader)
        next(going)
        print(*[p.pid for p in multiprocessing.active_children()], flush=True)
        if sys.argv[1] == "exit":
            sys.exit()
        if sys.argv[1] == "exception":
            raise ValueError
        for _ in going:
            time.sleep(0.01)
        """)
    )
    running = subprocess.Popen(
        [sys.executable, str(program), how], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    pids = [int(pid) for pid in running.stdout.readline().split()]
    assert len(pids) == 2
    if how.startswith("SIG"):
        running.send_signal(getattr(signal, how))
    running.wait(20)
    running.stdout.close()
    end = time.monotonic() + 15
    while any(os.path.exists(f"/proc/{pid}") for pid in pids) and time.monotonic() < end:
        time.sleep(0.05)
    assert not any(os.path.exists(f"/proc/{pid}") for pid in pids)
