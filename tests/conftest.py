"""What every test gets: hypothesis' settings, a count of what parity left out, and the leak check."""

import gc
import os

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("adjoint", deadline=None, suppress_health_check=list(HealthCheck), print_blob=True)
settings.load_profile("adjoint")


def pytest_collection_finish():
    """What the modules brought lives on: the leak check need not walk it after every test."""
    gc.collect()
    gc.freeze()


def _live():
    from adjoint import _core

    return _core._live_tensors(), _core._live_nodes()


@pytest.fixture(autouse=True)
def leak_check(request):
    """A test leaves as many tensors and nodes behind as it found.

    `@pytest.mark.keeps_tensors` is for the few that fill a cache on purpose.
    """
    if request.node.get_closest_marker("keeps_tensors") or os.environ.get("ADJOINT_STANDIN"):
        yield
        return
    gc.collect()
    before = _live()
    yield
    # A failed test's traceback holds its tensors; that failure is the news, not these.
    if getattr(request.node, "failed", False):
        return
    if _live() != before:
        gc.collect()
    tensors, nodes = (now - then for now, then in zip(_live(), before, strict=True))
    # Fewer is no leak: an earlier test's rubbish may have gone meanwhile.
    assert tensors <= 0 and nodes <= 0, f"the test left {tensors} tensors and {nodes} nodes behind"


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    report = outcome.get_result()
    if report.when == "call" and not report.passed:
        item.failed = True


def pytest_terminal_summary(terminalreporter):
    """Says how many tests did not run and why: nothing is skipped silently."""
    reasons = {}
    for report in terminalreporter.stats.get("skipped", ()):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        reasons[reason] = reasons.get(reason, 0) + 1
    for reason, count in sorted(reasons.items()):
        terminalreporter.write_line(f"not run: {count} × {reason}")
