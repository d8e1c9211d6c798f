"""The profiler: what it records, its table and trace, and its refusals."""

import json

import pytest

import adjoint as torch
from adjoint import profiler


def work():
    w = torch.ones(4, 4, requires_grad=True)
    with profiler.record_function("mine"):
        loss = (w * w).sum()
    loss.backward()


def test_operations_are_tied_to_their_backward(tmp_path):
    with profiler.profile(profile_memory=True) as prof:
        work()
    mul = next(e for e in prof.events() if e.name == "aten::mul")
    assert [b.name for b in mul.backward] == ["MulBackward0"] and mul.backward[0].forward is mul
    assert mul.cpu_parent.name == "mine" and mul.cpu_memory_usage >= 64
    rows = {r.key: r for r in prof.key_averages()}
    assert rows["aten::mul"].count == 1 and rows["mine"].cpu_time_total >= rows["aten::mul"].cpu_time_total
    text = prof.key_averages().table(sort_by="cpu_time_total", header="head")
    assert "Self CPU time total" in text and "MulBackward0" in text and "head" in text and "CPU Mem" in text
    prof.export_chrome_trace(str(tmp_path / "trace.json"))
    trace = json.loads((tmp_path / "trace.json").read_text())["traceEvents"]
    assert {"X", "s", "f"} <= {t["ph"] for t in trace}
    assert {t["id"] for t in trace if t["ph"] == "s"} == {t["id"] for t in trace if t["ph"] == "f"}


def test_schedule_and_decorator():
    seen = []
    plan = profiler.schedule(wait=1, warmup=1, active=2, repeat=1)

    @profiler.record_function("step")
    def step():
        return torch.ones(2) + 1

    with profiler.profile(schedule=plan, on_trace_ready=lambda p: seen.append(len(p.events()))) as prof:
        for _ in range(6):
            step()
            prof.step()
    assert len(seen) == 1
    assert {r.key: r.count for r in prof.key_averages()}["step"] == 2


def test_refusals(tmp_path):
    prof = profiler.profile()
    with pytest.raises(RuntimeError, match="after stop"):
        prof.key_averages()
    with prof, pytest.raises(RuntimeError, match="do not nest"):
        profiler.profile().start()
    with pytest.raises(ValueError, match="sort_by"):
        prof.key_averages().table(sort_by="colour")
    with pytest.raises(OSError):
        prof.export_chrome_trace(str(tmp_path / "no" / "such" / "folder.json"))
    with pytest.raises(TypeError, match="must be str"):
        profiler.record_function(3)
