"""A derivation as headings, sentences and equations: the same for every form of output."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ..derivation_data import DerivationData, Gradient, Path, cotangent_name, count_text
from ..steps import Step
from ..stretches import UNFOLDED, fold
from ..term import Term
from ..value import Value, shape_text, short

Piece = str | Term | Value
Pieces = tuple[Piece, ...]

_MOST_NUMBERS = 60  # characters of a product in numbers
_MOST_ROWS = 40  # of a list, before it is shortened


@dataclass(frozen=True)
class Heading:
    """A section begins."""

    text: str


@dataclass(frozen=True)
class Para:
    """A sentence."""

    pieces: Pieces


@dataclass(frozen=True)
class Row:
    """left = right = right ..., with a remark."""

    left: Pieces
    right: tuple[Pieces, ...]
    note: str = ""
    where: str = ""


@dataclass(frozen=True)
class Equations:
    """Rows set below each other. Long ones may be hidden behind `title`."""

    rows: tuple[Row, ...]
    title: str = ""
    folded: bool = False


Block = Heading | Para | Equations


def outline(d: DerivationData) -> list[Block]:
    """The whole derivation."""
    blocks: list[Block] = []
    if d.operations:
        blocks += _operations(d)
    if d.definitions:
        blocks += [Heading("Values"), _listed([_definition(x) for x in d.definitions])]
    if d.steps:
        blocks += [Heading("Local derivatives"), _listed([_local(s) for s in d.steps])]
    for g in d.gradients:
        blocks += _gradient(d, g)
    if d.notes:
        blocks += [Heading("Notes"), *(Para((_sentence(n),)) for n in d.notes)]
    return blocks


def title(d: DerivationData) -> Pieces:
    """What is derived."""
    pieces: list[Piece] = []
    for i, g in enumerate(d.gradients[:4]):
        pieces += [", "] * bool(i) + [g.expression]
    if len(d.gradients) > 4:
        pieces.append(f" and {len(d.gradients) - 4} more")
    return (*pieces, " by the chain rule")


def _listed(rows: Sequence[Row]) -> Equations:
    """All rows; of very many, the first and last."""
    if len(rows) <= _MOST_ROWS:
        return Equations(tuple(rows), folded=False)
    half = _MOST_ROWS // 2
    gap = Row((f"… {len(rows) - 2 * half:,} more",), ())
    return Equations((*rows[:half], gap, *rows[-half:]), title=f"{len(rows):,} lines", folded=True)


def _operations(d: DerivationData) -> Iterator[Block]:
    told = ", ".join(f"{n:,} × {k}" for k, n in list(d.operations.items())[:8])
    more = len(d.operations) - 8
    yield Heading("Graph")
    yield Para((f"{d.nodes:,} nodes, too many to be written out: {told}{f' and {more} more kinds' * (more > 0)}",))


def _definition(d: object) -> Row:
    from ..derivation_data import Definition

    assert isinstance(d, Definition)
    right: list[Pieces] = []
    if d.formula is not None:
        right.append((d.formula,))
    if d.value is not None:
        right.append((d.value,))
    note = []
    if d.shape and (d.value is None or d.value.numbers is not None or d.value.constant is not None):
        note.append(shape_text(d.shape))
    if d.kind == "data":
        note.append("data, without gradient")
    if d.value is None:
        note.append("value not kept")
    where = "" if d.where is None else f"{d.where[0]}:{d.where[1]}   {d.where[2]}"
    return Row((d.symbol,), tuple(right), ", ".join(note), where)


def _local(s: Step) -> Row:
    right: list[Pieces] = []
    note = []
    if s.formula is not None and s.rule is None:
        right.append((s.formula,))
    if s.rule is not None:
        right.append((s.rule,))
    if s.value is not None and str(s.formula) not in (str(s.value), str(s.value.brief())):
        right.append((s.value if s.value.numbers else s.value.brief(),))
    if s.rule is not None:
        note.append(f"{shape_text(s.of_shape)} to {shape_text(s.by_shape)}" if s.of_shape != s.by_shape else "")
    if s.summed:
        note.append(f"{s.by} is broadcast, {shape_text(s.by_shape)} to {shape_text(s.of_shape)}")
    if s.note:
        note.append(s.note)
    where = "" if s.where is None else "{}:{}   {}".format(*s.where)
    return Row((s.derivative,), tuple(right), ", ".join(n for n in note if n), where)


# --- one input ---


def _gradient(d: DerivationData, g: Gradient) -> Iterator[Block]:
    many = g.count != 1
    yield Heading(f"Paths from {_and(str(o.symbol) for o in d.outputs)} to {g.symbol}")
    if many or not g.paths:
        yield Para((_count_sentence(g),))
    rows: list[Row] = []
    for i, p in enumerate(g.paths):
        rows += _path(d, g, p, i)
        if _unwritten(p):
            yield Equations(tuple(rows))
            yield from _along(p, i, len(g.paths))
            rows = []
    if g.rest is not None and g.paths:
        rows.append(Row((f"the other {_others(g)} together",), ((g.rest,),)))
    if rows:
        yield Equations(tuple(rows))
    yield from _sum(g)
    yield from _verdict(g)


def _and(names: Iterator[str]) -> str:
    return ", ".join(names)


def _count_sentence(g: Gradient) -> str:
    if not g.paths:
        return f"{count_text(g.count)} path{'s' * (g.count != 1)}: none is short enough to be followed"
    if isinstance(g.count, int) and g.count == len(g.paths):
        return f"{count_text(g.count)} paths, so the gradient is a sum of {count_text(g.count)} products"
    shown = "the heaviest that was found" if len(g.paths) == 1 else f"the {len(g.paths)} heaviest that were found"
    return f"{count_text(g.count)} paths; {shown}, with their share of the gradient's norm:"


def _others(g: Gradient) -> str:
    return count_text(g.count - len(g.paths)) + " paths" if isinstance(g.count, int) else "paths"


def _path(d: DerivationData, g: Gradient, p: Path, i: int) -> Iterator[Row]:
    pieces: list[Piece] = []
    output = d.outputs[p.output]
    if output.cotangent is not None:
        pieces.append(cotangent_name(d.outputs, p.output))
    for segment in fold(p.steps):
        pieces += [" · "] * bool(pieces) + [segment.derivative]
        if segment.told:
            pieces.append(f" [{segment.told}]")
    right: list[Pieces] = []
    if (numbers := _numbers(d, p)) is not None:
        right.append((numbers,))
    right.append((p.product,))
    note = ""
    if p.share is not None and g.count != 1 and g.rest is not None:
        note = f"{short(100 * p.share, 3)} %"
    yield Row((f"({i + 1}) " * (g.count != 1), *(pieces or ["1"])), tuple(right), note)


def _unwritten(p: Path) -> bool:
    return len(p.steps) <= UNFOLDED and any(not s.elementwise for s in p.steps) and bool(p.pushed)


def _numbers(d: DerivationData, p: Path) -> str | None:
    """The product in numbers, where every factor is one or a few."""
    if not 2 <= len(p.steps) <= UNFOLDED or any(not s.elementwise or s.note for s in p.steps):
        return None
    if any(s.summed for s in p.steps[:-1]):
        return None
    values = [v for s in p.steps if (v := s.value) is not None]
    cotangent = d.outputs[p.output].cotangent
    values = values if cotangent is None else [cotangent, *values]
    if any(v.constant is None and (v.numbers is None or len(v.numbers) > 4) for v in values):
        return None
    factors = [v.factor() for v in values]
    text = " · ".join(f"({f})" if f.startswith("-") and i else f for i, f in enumerate(factors))
    return text if len(text) <= _MOST_NUMBERS else None


def _along(p: Path, i: int, paths: int) -> Iterator[Block]:
    """The cotangent after each step: for rules that are more than a product of elements."""
    rows = []
    for s, pushed in zip(p.steps, p.pushed, strict=True):
        how = f"times {s.formula}" if s.elementwise and s.formula is not None else s.rule or ""
        rows.append(Row(("cotangent of ", s.by), ((pushed,),), how))
    if len(rows) > 1:
        yield Equations(
            tuple(rows), title="step by step" + f" along path ({i + 1})" * (paths > 1), folded=len(rows) > 4
        )


def _sum(g: Gradient) -> Iterator[Block]:
    rows = []
    parts: list[Piece] = []
    summed = g.total is not None and g.total.shape != g.shape
    for p in g.paths:
        parts += [" + "] * bool(parts) + [p.product if summed else p.gradient]
    if g.rest is not None and g.paths:
        parts += [" + ", g.rest]
    small = all(isinstance(x, str) or (isinstance(x, Value) and x.numbers is not None) for x in parts)
    if len(g.paths) + (g.rest is not None) > 1:
        terms = tuple(parts) if small and len(g.paths) <= 4 else ("the sum over all paths",)
        rows.append(Row((g.expression,), (terms, (g.total if summed and g.total else g.value,))))
    if summed:
        yield Heading("Sum") if not rows else Heading("Sum over the paths, and over the copies")
        if rows:
            yield Equations(tuple(rows))
        assert g.total is not None
        yield Para(
            (
                f"{g.symbol} ({shape_text(g.shape)}) was broadcast to {shape_text(g.total.shape)}: "
                f"{'the' if math.prod(g.total.shape) > 1 else 'its'} copies' gradients are summed up",
            )
        )
        yield Equations((Row((g.expression,), ((g.value,),)),))
    elif rows:
        yield Heading("Sum")
        yield Equations(tuple(rows))
    elif not g.paths:
        yield Heading("Gradient")
        yield Equations((Row((g.expression,), ((g.value,),)),))


def _verdict(g: Gradient) -> Iterator[Block]:
    yield Heading("Check")
    told = "The engine's backward pass gives the same" if g.engine else "The engine was not run to compare"
    yield Para((f"{told}: {g.value}" if g.engine and g.value.numbers is not None else f"{told}.",))
    if g.grad_note:
        yield Para((_sentence(g.grad_note, False),))
    for note in g.notes:
        yield Para((_sentence(note),))


def _sentence(text: str, capital: bool = True) -> str:
    return text[:1].upper() + text[1:] if capital else text
