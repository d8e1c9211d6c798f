"""How tensors print: `tensor([[1., 1.]], requires_grad=True)`, to the letter as PyTorch prints them.

The text is made from Python numbers only. Of a large tensor just the edges are read; one column format (plain,
whole numbers, scientific) is chosen from all shown values, then nested lists are laid out within the line width.
"""

from __future__ import annotations

import math

from . import _core

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_DIGITS = 1074  # no double has more of them after its point
_SHOWN = 4_000_000  # elements; the edges of many dimensions would be more than anybody waits for
_PROFILES = {"default": (4, 1000, 3, 80), "short": (2, 1000, 2, 80), "full": (4, float("inf"), 3, 80)}


class _Options:
    __slots__ = ("edgeitems", "linewidth", "precision", "sci_mode", "threshold")

    precision: int
    threshold: float
    edgeitems: int
    linewidth: int
    sci_mode: bool | None

    def __init__(self) -> None:
        self.precision, self.threshold, self.edgeitems, self.linewidth = _PROFILES["default"]
        self.sci_mode = None

    def __repr__(self):
        return "_Options(" + ", ".join(f"{k}={getattr(self, k)}" for k in self.__slots__) + ")"


PRINT_OPTS = _Options()


def set_printoptions(
    precision: int | None = None,
    threshold: float | None = None,
    edgeitems: int | None = None,
    linewidth: int | None = None,
    profile: str | None = None,
    sci_mode: bool | None = None,
) -> None:
    """Set how tensors print.

    Args:
        precision: digits after the point (default 4).
        threshold: number of elements above which only the edges are shown (default 1000).
        edgeitems: number of items shown at each edge of each dimension of a large tensor (default 3).
        linewidth: characters in a line (default 80).
        profile: ``"default"``, ``"short"`` or ``"full"``: sets the four above; other arguments override it.
        sci_mode: True or False switches scientific notation on or off; None (default) decides by the values. Every
            call sets it.
    """
    o = PRINT_OPTS
    if isinstance(precision, int) and precision > _DIGITS:
        raise ValueError(f"precision too big: a float has at most {_DIGITS} digits after the point")
    if profile is not None and profile in _PROFILES:
        o.precision, o.threshold, o.edgeitems, o.linewidth = _PROFILES[profile]
    if precision is not None:
        o.precision = precision
    if threshold is not None:
        o.threshold = threshold
    if edgeitems is not None:
        o.edgeitems = edgeitems
    if linewidth is not None:
        o.linewidth = linewidth
    o.sci_mode = sci_mode


def get_printoptions() -> dict[str, Any]:
    """The options of `set_printoptions`, as a dictionary."""
    return {k: getattr(PRINT_OPTS, k) for k in _Options.__slots__}


class printoptions:
    """``with printoptions(precision=2): ...``: options of `set_printoptions` for a block."""

    __slots__ = ("_new", "_old")

    def __init__(self, **kwargs):
        self._new = kwargs

    def __enter__(self):
        self._old = get_printoptions()
        set_printoptions(**self._new)

    def __exit__(self, *exc):
        set_printoptions(**self._old)


# --- one number ---


def _plain_writer(values):
    """For bools and whole numbers: right-aligned to the widest."""
    width = max([1] + [len(str(v)) for v in values])
    return (lambda v: str(v).rjust(width)), width


def _float_writer(values):
    """Chooses one notation for all `values`; gives a function from value to text, and the width of the texts."""
    o = PRINT_OPTS
    p = o.precision
    finite = [v for v in values if v != 0 and v - v == 0]
    whole, scientific, width = True, False, 1
    if finite:
        low = min(map(abs, finite))
        high = max(map(abs, finite))
        whole = all(v.is_integer() for v in finite)
        scientific = o.sci_mode
        if scientific is None:
            scientific = high / low > 1000 or high > 1e8 or (not whole and low < 1e-4)
        if scientific:
            width = max(len(f"{v:.{p}e}") for v in finite)
        elif whole:
            width = max(len(f"{v:.0f}") for v in finite) + 1
        else:
            width = max(len(f"{v:.{p}f}") for v in finite)

    if scientific:
        return (lambda v: f"{v:{width}.{p}e}"), width
    if whole:
        return (lambda v: (f"{v:.0f}." if v - v == 0 else f"{v:.0f}").rjust(width)), width
    return (lambda v: f"{v:{width}.{p}f}"), width


def _complex_writer(values):
    real, real_width = _float_writer([v.real for v in values])
    imag, imag_width = _float_writer([v.imag for v in values])

    def write(v):
        im = imag(v.imag).lstrip() + "j"
        return real(v.real) + (im if im[0] in "+-" else "+" + im)

    return write, real_width + imag_width + 1


# --- the shown part ---


def _edges(t, edge):
    """Nested lists of the elements that a summary shows."""
    if t.dim() == 0:
        return t.item()
    n = t.shape[0]
    if n <= 2 * edge:
        if t.dim() == 1:
            return t.tolist()
        return [_edges(t[i], edge) for i in range(n)]
    if t.dim() == 1:
        return t[:edge].tolist() + t[n - edge :].tolist() if edge else []
    return [_edges(t[i], edge) for i in (*range(edge), *range(n - edge, n))]


def _flatten(data, out):
    for v in data:
        if isinstance(v, list):
            _flatten(v, out)
        else:
            out.append(v)
    return out


def _rows(data, shape, depth, indent, edge, write, width):
    """Lays nested lists out; `edge` is None when everything is shown."""
    cut = edge is not None and shape[depth] > 2 * edge
    pad = " " * (indent + 1)
    if depth == len(shape) - 1:
        words = [write(v) for v in data]
        if edge == 0:
            words = ["..."]
        elif edge is not None and cut:
            words.insert(edge, " ...")
        per_line = max(1, (PRINT_OPTS.linewidth - indent) // (width + 2))
        lines = [", ".join(words[i : i + per_line]) for i in range(0, len(words), per_line)] or [""]
        return "[" + (",\n" + pad).join(lines) + "]"
    blocks = [_rows(d, shape, depth + 1, indent + 1, edge, write, width) for d in data]
    if cut:
        blocks.insert(edge, "...")
    return "[" + ("," + "\n" * (len(shape) - 1 - depth) + pad).join(blocks) + "]"


def _edge(t):
    """How many elements are shown at each edge; None where all are."""
    if t.numel() <= PRINT_OPTS.threshold:
        return None
    edge = min(PRINT_OPTS.edgeitems, max(t.shape, default=0))
    while edge > 0 and math.prod(min(n, 2 * edge) for n in t.shape) > _SHOWN:
        edge = edge // 2 if edge > 8 else edge - 1
    return edge


def _body(t, indent):
    if t.numel() == 0:
        return "[]"
    edge = _edge(t)
    data = t.tolist() if edge is None else _edges(t, edge)
    values = _flatten(data, []) if t.dim() else [data]
    writer = _complex_writer if t.is_complex() else _float_writer if t.is_floating_point() else _plain_writer
    write, width = writer(values)
    if not t.dim():
        return write(data)
    return _rows(data, t.shape, 0, indent, edge, write, width)


# --- the whole ---


def _grad_fn_name(t):
    """'MulBackward0', 'Invalid' when the history of a view cannot be told any more, or None."""
    try:
        node = t.grad_fn
    except RuntimeError:
        return "Invalid"
    return node if node is None else node.name().rsplit("::", 1)[-1]


def _notes(t):
    """What follows the numbers: device, size, dtype, gradient."""
    notes = []
    default = _core.get_default_dtype()
    meta = t.device.type == "meta"
    if t.device.type != "cpu":
        notes.append(f"device='{t.device}'")
    if meta:
        notes.append(f"size={tuple(t.shape)}")
        usual = t.dtype == default
    elif t.numel() == 0:
        if t.dim() != 1:
            notes.append(f"size={tuple(t.shape)}")
        usual = t.dtype == default
    else:
        if not PRINT_OPTS.edgeitems or _edge(t) == 0:
            notes.append(f"size={tuple(t.shape)}")
        double = default == _core.float64
        usual = t.dtype in (default, _core.int64, _core.bool, _core.complex128 if double else _core.complex64)
    if not usual:
        notes.append(f"dtype={t.dtype}")
    name = _grad_fn_name(t)
    if name is not None:
        notes.append(f"grad_fn=<{name}>")
    elif t.requires_grad:
        notes.append("requires_grad=True")
    return notes


def _str(t, tensor_contents=None):
    """The text of a tensor. A subclass prints under its own name; `tensor_contents` replaces the numbers."""
    cls = type(t)
    plain = cls is _core.Tensor or "_prints_as_tensor" in cls.__dict__
    prefix = "tensor(" if plain else cls.__name__ + "("
    if tensor_contents is not None:
        text = prefix + tensor_contents
    elif t.device.type == "meta":
        text = prefix + "..."
    else:
        # Printing computes nothing that a graph should remember, and a subclass's own indexing stays out of it.
        text = prefix + _body(t.detach().as_subclass(_core.Tensor) if not plain else t.detach(), len(prefix))
    taken = len(text) - text.rfind("\n") + 1  # in the last line, with two to spare
    for note in _notes(t):
        if taken + len(note) + 2 > PRINT_OPTS.linewidth:
            text += ",\n" + " " * len(prefix) + note
            taken = len(prefix) + len(note)
        else:
            text += ", " + note
            taken += len(note) + 2
    return text + ")"
