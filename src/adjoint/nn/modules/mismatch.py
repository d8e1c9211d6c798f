"""Why the keys of a state are not those of a module: said by cause, with the line that mends it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any

_EXTRA = "_extra_state"


def report(state: Mapping[str, Any], missing: list[str], unexpected: list[str], mismatched: list[Any]) -> list[str]:
    """The causes, each one line, those with most keys first; [] if the keys agree."""
    lines = []
    left, right = list(missing), list(unexpected)
    nested = [k for k, v in state.items() if isinstance(k, str) and isinstance(v, Mapping) and set(v) & set(missing)]
    if nested:
        return [f'the tensors are one level down: load_state_dict(state["{nested[0]}"])']
    for cause in (_prefix_too_many, _prefix_too_few, _part_renamed):
        for _ in range(4):  # most differences have one cause; a fifth is found in the lists below
            found = cause(left, right)
            if found is None:
                break
            line, pairs = found
            lines.append(line)
            mended = set(pairs.values())
            left = [k for k in left if k not in mended]
            right = [k for k in right if k not in pairs]
    lines += _near(left, right)
    lines += [f"missing: {line}" for line in _grouped(left)]
    lines += [f"unexpected: {line}" for line in _grouped(right)]
    lines += _sizes(mismatched)
    return lines


def _count(n: int, what: str = "key") -> str:
    return f"{n} {what}" if n == 1 else f"{n} {what}s"


def _prefixes(key: str) -> Iterator[str]:
    """'a.', 'a.b.' of 'a.b.c'."""
    at = key.find(".")
    while at >= 0:
        yield key[: at + 1]
        at = key.find(".", at + 1)


def _most(
    keys: Iterable[str], changes: Callable[[str], Iterable[tuple[Any, str]]], wanted: Iterable[str]
) -> tuple[Any, dict[str, str]] | None:
    """The change that turns most keys into wanted ones, and which into which."""
    wanted = set(wanted)
    keys = list(keys)
    counts = Counter(change for key in keys for change, result in changes(key) if result in wanted)
    if not counts:
        return None
    best = counts.most_common(1)[0][0]
    return best, {key: result for key in keys for change, result in changes(key) if change == best and result in wanted}


def _prefix_too_many(missing: list[str], unexpected: list[str]) -> tuple[str, dict[str, str]] | None:
    found = _most(unexpected, lambda k: ((p, k[len(p) :]) for p in _prefixes(k)), missing)
    if found is None:
        return None
    prefix, pairs = found
    mend = f"{{k.removeprefix({prefix!r}): v for k, v in state.items()}}"
    return f"{_count(len(pairs))} differ only by the prefix `{prefix}`: load_state_dict({mend})", pairs


def _prefix_too_few(missing: list[str], unexpected: list[str]) -> tuple[str, dict[str, str]] | None:
    found = _most(missing, lambda k: ((p, k[len(p) :]) for p in _prefixes(k)), unexpected)
    if found is None:
        return None
    prefix, pairs = found
    mend = f"{{{prefix!r} + k: v for k, v in state.items()}}"
    turned = {given: wanted for wanted, given in pairs.items()}
    return f"{_count(len(pairs))} lack only the prefix `{prefix}`: load_state_dict({mend})", turned


def _part_renamed(missing: list[str], unexpected: list[str]) -> tuple[str, dict[str, str]] | None:
    """Two keys or more that differ in one part between dots, always in the same way."""
    if len(missing) * len(unexpected) > 1_000_000:
        return None
    parts: dict[tuple[int, str, str], list[str]] = {}
    for key in missing:
        for blank, part in _blanks(key):
            if not part.isdigit():  # numbers of layers are no names
                parts.setdefault(blank, []).append(part)

    def changes(key: str) -> Iterator[tuple[tuple[str, str], str]]:
        for blank, part in _blanks(key):
            for other in parts.get(blank, ()):
                yield (part, other), f"{blank[1]}{other}{blank[2]}"

    found = _most(unexpected, changes, missing)
    if found is None or len(found[1]) < 2:
        return None
    (given, wanted), pairs = found
    if any(key.replace(given, wanted) != result for key, result in pairs.items()):
        return f"{_count(len(pairs))} say `{given}` where the module says `{wanted}`", pairs
    mend = f"{{k.replace({given!r}, {wanted!r}): v for k, v in state.items()}}"
    return f"{_count(len(pairs))} say `{given}` where the module says `{wanted}`: load_state_dict({mend})", pairs


def _blanks(key: str) -> Iterator[tuple[tuple[int, str, str], str]]:
    """(the key without one of its parts, that part)."""
    parts = key.split(".")
    for i, part in enumerate(parts):
        before, after = ".".join(parts[:i]), ".".join(parts[i + 1 :])
        yield (i, before + "." if before else "", "." + after if after else ""), part


def _near(missing: list[str], unexpected: list[str], most: int = 5) -> list[str]:
    """Single keys that look alike. They stay in the lists: it is a guess."""
    if not missing or not unexpected or len(missing) * len(unexpected) > 10_000:
        return []
    from difflib import get_close_matches

    lines: list[str] = []
    for key in unexpected:
        near = get_close_matches(key, missing, 1, 0.7)
        if near and len(lines) < most:
            lines.append(f'"{key}" looks like "{near[0]}"')
    return lines


def _grouped(keys: list[str], most: int = 8) -> list[str]:
    """Keys by the module that they belong to, so that a page of them becomes some lines."""
    if len(keys) <= most:
        return [f'"{key}"' for key in keys]
    depth = 1
    groups = Counter(key.split(".")[0] for key in keys)
    while len(groups) == 1 and depth < 8:
        depth += 1
        groups = Counter(".".join(key.split(".")[:depth]) for key in keys)
    lines = [f"{_count(n)} of `{name}`" if n > 1 else f'"{name}"' for name, n in groups.most_common(most)]
    if len(groups) > most:
        lines.append(f"{_count(len(groups) - most, 'module')} more")
    return lines


def _sizes(mismatched: list[Any]) -> list[str]:
    """Mis-shaped ones by the two sizes that differ, if it is one."""
    groups: dict[str, list[str]] = {}
    for key, given, held in mismatched:
        pairs = {(g, h) for g, h in zip(given, held, strict=False) if g != h}
        if len(given) == len(held) and len(pairs) == 1:
            g, h = pairs.pop()
            cause = f"the state has {g} where the module has {h}"
        elif len(given) == len(held) and sorted(given) == sorted(held):
            cause = "the state is transposed"
        else:
            cause = "other shapes"
        groups.setdefault(cause, []).append(key)
    return [f"{cause}: {', '.join(keys[:5])}{' ...' if len(keys) > 5 else ''}" for cause, keys in groups.items()]
