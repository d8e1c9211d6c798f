"""The line `shape` of a layer: the shapes it takes and gives, read for its errors, its tests and its documentation.

    shape = "(*, in_features) -> (*, out_features)"

Left of the arrow stands a pair of brackets for each tensor that forward takes, right of it one for each that it gives
(both flattened). Within brackets:

    *             any number of dimensions, the same wherever it stands
    *name         the sizes in the module's attribute of that name, a tuple; any, where there is none
    3             a size
    name          the module's attribute of that name, if it has one (None: any size); else the same size wherever it stands
    name?         a dimension that may be missing, as a batch's
    expression    Python, of such names; any size, where a name has none yet

"a or b" are alternatives, for the whole left or right side. Tensors beyond those in the line are not looked at.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    Bound = dict[str, Any]


def sides(line: str) -> tuple[list[list[list[str]]], list[list[list[str]]]]:
    """(left, right): alternatives, each a list of shapes, each a list of items."""
    left, _, right = line.partition("->")
    return ([_shapes(a) for a in left.split(" or ")], [_shapes(a) for a in right.split(" or ")])


def _shapes(text: str) -> list[list[str]]:
    return [_items(inside) for inside in _brackets(text)]


def _brackets(text: str) -> Iterator[str]:
    """The insides of the outer brackets."""
    depth = start = 0
    for at, character in enumerate(text):
        if character == "(":
            depth += 1
            if depth == 1:
                start = at + 1
        elif character == ")":
            depth -= 1
            if depth == 0:
                yield text[start:at]


def _items(inside: str) -> list[str]:
    """The parts between the outer commas."""
    items, depth, start = [], 0, 0
    for at, character in enumerate(inside + ","):
        depth += (character in "([") - (character in ")]")
        if character == "," and depth == 0:
            items.append(inside[start:at].strip())
            start = at + 1
    return [item for item in items if item]


def fits(module: Any, wanted: Sequence[list[str]], tensors: Sequence[Any], bound: Bound) -> bool:
    """Have the tensors these shapes? `bound` takes the sizes of names."""
    if len(tensors) < len(wanted):
        return False
    return all(_fits_one(module, items, list(t.shape), bound) for items, t in zip(wanted, tensors, strict=False))


def _fits_one(module: Any, items: list[str], sizes: list[int], bound: Bound) -> bool:
    if not items:
        return not sizes
    item, *rest = items
    if item.startswith("*"):
        return _fits_many(module, item, rest, sizes, bound)
    if item.endswith("?"):
        name = item[:-1]
        for taken in (1, 0) if name not in bound else (1,) if bound[name] is not None else (0,):
            trial = dict(bound)
            if taken:
                ok = bool(sizes) and _fits_size(module, name, sizes[0], trial)
            else:
                trial[name], ok = None, True
            if ok and _fits_one(module, rest, sizes[taken:], trial):
                bound.update(trial)
                return True
        return False
    return bool(sizes) and _fits_size(module, item, sizes[0], bound) and _fits_one(module, rest, sizes[1:], bound)


def _fits_many(module: Any, item: str, rest: list[str], sizes: list[int], bound: Bound) -> bool:
    known = bound.get("*") if item == "*" else getattr(module, item[1:], None)
    counts = range(len(sizes), -1, -1) if known is None else [len(known)]
    for count in counts:
        if known is not None and sizes[:count] != list(known):
            continue
        trial = dict(bound)
        if item == "*":
            trial["*"] = sizes[:count]
        if _fits_one(module, rest, sizes[count:], trial):
            bound.update(trial)
            return True
    return False


def _fits_size(module: Any, item: str, size: int, bound: Bound) -> bool:
    wanted = value_of(module, item, bound)
    if wanted is None:
        if item.isidentifier() and not hasattr(module, item):
            bound[item] = size
        return True
    return size == wanted


class _Names(dict):
    """What an expression may name: sizes bound so far, then the module's attributes."""

    def __init__(self, module: Any, bound: Bound) -> None:
        super().__init__(bound)
        self.module = module

    def __missing__(self, name: str) -> Any:
        if name.startswith("_") or not hasattr(self.module, name):
            raise KeyError(name)
        return getattr(self.module, name)


def value_of(module: Any, item: str, bound: Bound) -> int | None:
    """The size that an item stands for; None: not known."""
    if item.isdigit():
        return int(item)
    try:
        found = eval(item, {"__builtins__": {}}, _Names(module, bound))
    except Exception:  # a name without a size, or None in the place of a number
        return None
    return found if isinstance(found, int) and not isinstance(found, bool) else None


def written(module: Any, shapes: Sequence[list[str]]) -> str:
    """Shapes with the numbers that the module has in the place of names: (*, 768)."""
    return ", ".join("(" + ", ".join(_written_item(module, item) for item in items) + ")" for items in shapes)


def _written_item(module: Any, item: str) -> str:
    if item.startswith("*") and item != "*":
        known = getattr(module, item[1:], None)
        return item if known is None else ", ".join(map(str, known))
    value = value_of(module, item.removesuffix("?"), {})
    return item if value is None else str(value)
