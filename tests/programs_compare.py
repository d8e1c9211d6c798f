"""Compares printed text: words exactly, numbers to the digits that printing shows."""

import re

_NUMBER = re.compile(r"(?<![A-Za-z_\d.])[-+]?(?:\d+\.\d*(?:e[-+]?\d+)?|\d+e[-+]?\d+)")


def difference(got, expected):
    """None when equal; else the first line that differs, of both."""
    if got == expected:
        return None
    a, b = got.splitlines(), expected.splitlines()
    for n, (x, y) in enumerate(zip(a, b, strict=False)):
        if x != y and not _close(x, y):
            return f"line {n + 1}:\n  got      {x}\n  expected {y}"
    if len(a) != len(b):
        n = min(len(a), len(b))
        return f"line {n + 1}: got {a[n : n + 1]}, expected {b[n : n + 1]}"
    return None


def _close(x, y):
    squeeze = lambda s: re.sub(r"\s+", "", s)
    if squeeze(_NUMBER.sub("#", x)) != squeeze(_NUMBER.sub("#", y)):
        return False
    pairs = zip(map(float, _NUMBER.findall(x)), map(float, _NUMBER.findall(y)), strict=True)
    return all(abs(p - q) <= 1.1e-4 * max(1.0, abs(q)) for p, q in pairs)
