"""What every operation of the catalogue should give, by NumPy and mpmath: one module per family, as in tests/catalogue.

A module holds ORACLE: {name: Oracle} (tests/oracles/rules.py). It may also hold
    WITHOUT   {name: reason} for operations that have none
    REFUSES   {categories: names} of types that are refused: b bool, i integers, n those but bytes, h halves, g bfloat16,
              c complex
    EACH      names that refuse an operand of such a type beside any other; others look at the promoted type
    SAME_TYPE names whose operands must have one type
    PARTLY    the same, where some of the samples are refused (a division by 0, a mode for floats only)
"""

import importlib
import pkgutil

from . import types

_modules = [importlib.import_module(f"{__name__}.{m.name}") for m in pkgutil.iter_modules(__path__)]
ORACLE = {name: o for m in _modules for name, o in getattr(m, "ORACLE", {}).items()}
WITHOUT = {name: reason for m in _modules for name, reason in getattr(m, "WITHOUT", {}).items()}
SAME_TYPE, EACH = ({name for m in _modules for name in getattr(m, which, ())} for which in ("SAME_TYPE", "EACH"))


def _letters(attribute):
    found = {}
    for m in _modules:
        for letters, names in getattr(m, attribute, {}).items():
            for name in names:
                assert name not in found, f"{name} stands twice in {attribute}"
                found[name] = letters
    return found


_refuses, _partly = _letters("REFUSES"), _letters("PARTLY")


def _among(dtype, letters):
    own = {"float16": "h", "bfloat16": "hg", "uint8": "i"}.get(dtype, types.letter(dtype).replace("i", "in"))
    return any(letter in letters for letter in own)


def refuses(name, together, own):
    """Operands of types `own`, which are promoted to `together`."""
    if name in SAME_TYPE and len(set(own)) > 1:
        return True
    return any(_among(dtype, _refuses.get(name, "")) for dtype in (own if name in EACH else [together]))


def may_refuse(name, together):
    return _among(together, _partly.get(name, ""))
