"""Runs PyTorch's operator database against Adjoint, in every form that an operator has.

    python -m tests.parity.opinfo                       every operator that Adjoint has
    python -m tests.parity.opinfo --ops 'add|mul' -v    some of them, each failure with its text
    python -m tests.parity.opinfo --forms errors,out    some forms
    python -m tests.parity.opinfo --missing             what the database has and Adjoint lacks

Forms: function (with aliases, odd layouts, strides), method (and operator), inplace, out, dtypes (taken and refused),
errors (class and text), gradient, second. Each operator runs in a process of its own, so that a crash is a failure like
others. Differences that are meant stand in `database/deviations.py`. Needs the `parity` extra. Exit status 1 if anything
else differs, or is missing.
"""

from __future__ import annotations

import argparse
import collections
import faulthandler
import json
import os
import pickle
import re
import signal
import sys
import warnings

from .database.bridge import Bridge, Missing
from .database.deviations import reason_absent, reason_known
from .database.forms import DTYPES, FORMS, Forms

TYPE_NAMES = (
    r"\b(Bool|Byte|Char|Short|Int|Long|Half|BFloat16|Float|Double|ComplexFloat|ComplexDouble|bool|(un)?signed char"
    r"|short int|long int|int|double|float|c10::\w+(<\w+>)?|(torch\.)?(bool|u?int\d+|b?float\d+|complex\d+))(?!\w)"
)


def label_of(op):
    return op.name + (f".{op.variant_test_name}" if op.variant_test_name else "")


def kind_of(failure):
    """A failure without its type, the number of its sample and its numbers."""
    head, _, text = failure.partition(": ")
    head = re.sub(r" (bool|u?int\d+|b?float\d+|complex\d+)? ?#\d+", "", head)
    text = re.sub(r"differs at .*", "differs", text)
    return f"{head}: {re.sub(TYPE_NAMES, 'T', text)}"


def in_child(work, seconds):
    """What `work` returns in a forked process; the reason as a text where that process did not live to tell."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        faulthandler.enable()
        signal.alarm(seconds)
        try:
            answer = work()
        except Missing as e:
            answer = e
        except BaseException as e:
            answer = f"{type(e).__name__}: {str(e)[:200]}"
        with os.fdopen(writer, "wb") as pipe:
            pickle.dump(answer, pipe)
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        told = pipe.read()
    _, status = os.waitpid(child, 0)
    if told:
        return pickle.loads(told)
    number = os.WTERMSIG(status)
    return "took too long" if number == signal.SIGALRM else f"the process died: {signal.Signals(number).name}"


class Report:
    def __init__(self, verbose):
        self.verbose = verbose
        self.operators, self.missing, self.absent = {}, {}, {}
        self.total = collections.Counter()
        self.reasons = collections.Counter()

    def add(self, label, counts):
        """Counts one operator's forms and shows what failed."""
        row, shown = {}, []
        for form, count in counts.items():
            failures = []
            known = set()
            for failure in count.failures:
                reason = reason_known(label, failure)
                if reason is None:
                    failures.append(failure)
                else:
                    known.add(reason)
                    self.reasons[reason] += 1
            if count.passed or count.failures:
                row[form] = {
                    "passed": count.passed,
                    "failed": len(failures),
                    "known": len(count.failures) - len(failures),
                    "first": failures[0] if failures else None,
                    "reasons": sorted(known),
                }
                for key in ("passed", "failed", "known"):
                    self.total[form, key] += row[form][key]
            shown += failures
        self.operators[label] = row
        if shown:
            print(f"{label}: {len(shown)} failed")
            kinds = collections.Counter(kind_of(failure) for failure in shown)
            for kind, times in list(kinds.items())[: None if self.verbose > 1 else 6 if self.verbose else 1]:
                print(f"    {times} × {kind}")
            sys.stdout.flush()

    def broken(self):
        return [label for label, row in self.operators.items() if any(form["failed"] for form in row.values())]

    def summary(self):
        print(f"missing ({len(self.missing)}): {' '.join(sorted(self.missing))}")
        print(f"{'form':10}{'passed':>9}{'failed':>9}{'meant':>9}")
        for form in FORMS:
            row = [self.total[form, key] for key in ("passed", "failed", "known")]
            if any(row):
                print(f"{form:10}{row[0]:9}{row[1]:9}{row[2]:9}")
        for reason, times in sorted(self.reasons.items()):
            print(f"meant, {times} times: {reason}")
        print(f"operators: {len(self.operators) - len(self.broken())} clean, {len(self.broken())} with differences")


def options_of(argv):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ops", default="", help="regular expression over operators' names")
    parser.add_argument("--forms", default=",".join(FORMS), help="of these alone")
    parser.add_argument("--dtypes", default=",".join(DTYPES))
    parser.add_argument("--limit", type=int, default=40, help="samples per operator and dtype")
    parser.add_argument("--reference", action="store_true", help="the database's larger set of samples")
    parser.add_argument("--second", action="store_true", help="(second derivatives always run)")
    parser.add_argument("--seconds", type=int, default=120, help="for each operator")
    parser.add_argument("--part", default="0/1", help="i/n: each n-th operator from the i-th on")
    parser.add_argument("--json", help="write the results there")
    parser.add_argument("--missing", action="store_true", help="only list what Adjoint lacks")
    parser.add_argument("-v", "--verbose", action="count", default=0)
    return parser.parse_args(argv)


def main(argv=None):
    options = options_of(argv)
    warnings.simplefilter("ignore")
    import torch
    from torch.testing._internal.common_methods_invocations import op_db

    import adjoint

    torch.set_num_threads(1)
    report, bridge = Report(options.verbose), Bridge(torch, adjoint)
    first, step = map(int, options.part.split("/"))
    chosen = [op for op in op_db if re.search(options.ops, label_of(op))][first::step]
    forms, dtypes = options.forms.split(","), options.dtypes.split(",")
    for op in chosen:
        label = label_of(op)
        try:
            bridge.function(op.name, op.variant_test_name)
        except Missing as e:
            reason = reason_absent(op.name) or reason_absent(label)
            (report.missing if reason is None else report.absent)[str(e)] = reason
            continue
        if options.missing:
            continue
        if sys.stderr.isatty():
            print(f"{label} ...\033[K", end="\r", file=sys.stderr)
        run = Forms(torch, adjoint, op, forms, dtypes, options.limit, options.reference)
        counts = in_child(run.run, options.seconds)
        if isinstance(counts, str):
            run.counts["function"].failures.append(counts)
            counts = run.counts
        report.add(label, counts)
    report.summary()
    if options.json:
        with open(options.json, "w") as file:
            json.dump(
                {"operators": report.operators, "missing": sorted(report.missing), "absent": report.absent},
                file,
                indent=1,
            )
    return 1 if report.broken() or report.missing else 0


if __name__ == "__main__":
    sys.exit(main())
