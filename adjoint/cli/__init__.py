"""The `adjoint` command: `adjoint demo` shows the library at work, `adjoint info` what it runs on."""

from __future__ import annotations

import argparse
import difflib
import sys
from collections.abc import Callable, Sequence
from typing import NoReturn

__all__ = ["main"]

_EXAMPLES = """\
examples:
  adjoint demo                 everything, in under a minute, without a network
  adjoint demo article         the article's example, beside the article's numbers
  adjoint demo digits speed    train on handwritten digits, then compare speeds
  adjoint demo --plain         plain lines instead of a progress bar
  adjoint info                 version, processor, threads, what is installed
"""


class _Parser(argparse.ArgumentParser):
    """argparse, but a wrong word is answered with the nearest right one and the way to help."""

    def error(self, message: str) -> NoReturn:
        hint = ""
        if "invalid choice: " in message:
            word = message.split("invalid choice: ")[1].split("'")[1]
            near = difflib.get_close_matches(word, _words(self), n=1)
            message = f"'{word}' is not known here"
            hint = f"; did you mean '{near[0]}'?" if near else f"; it takes: {', '.join(_words(self))}"
        self.exit(2, f"{self.prog}: {message}{hint}\nTry '{self.prog} --help'.\n")


def _words(parser: argparse.ArgumentParser) -> list[str]:
    choices = [a.choices for a in parser._actions if a.choices]
    return [str(c) for group in choices for c in group]


def _parser() -> _Parser:
    parser = _Parser(
        prog="adjoint",
        description="Adjoint: PyTorch's automatic differentiation, rebuilt small.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="store_true", help="print the version and stop")
    commands = parser.add_subparsers(dest="command", metavar="command", title="commands")
    demo = commands.add_parser(
        "demo",
        help="show the library at work; fails if any number is wrong",
        description="Runs the demonstration; the exit status is 0 only if all its numbers are right.",
    )
    # nargs="*" with choices would refuse the empty list on Python 3.10, so main() checks the words.
    demo.add_argument("parts", nargs="*", metavar="part", help="article, digits, speed (default: all)")
    demo.add_argument("--plain", action="store_true", help="plain lines, no progress bar")
    commands.add_parser("info", help="version, processor, threads, what is installed")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command line `argv` (default: this process's) and returns the exit status."""
    parser = _parser()
    options = parser.parse_args(argv)
    if options.version:
        from adjoint import __version__

        print(f"adjoint {__version__}")
        return 0
    if options.command == "demo":
        from adjoint.cli import demo

        for word in options.parts:
            if word not in demo.PARTS:
                near = difflib.get_close_matches(word, demo.PARTS, n=1)
                hint = f"did you mean '{near[0]}'?" if near else f"the parts are {', '.join(demo.PARTS)}"
                parser.exit(2, f"adjoint demo: '{word}' is not a part; {hint}\nTry 'adjoint demo --help'.\n")
        return _interruptible(lambda: demo.run(options.parts or list(demo.PARTS), plain=options.plain))
    if options.command == "info":
        from adjoint.cli import info

        return _interruptible(info.run)
    parser.print_help()
    return 0


def _interruptible(run: Callable[[], int]) -> int:
    try:
        return run()
    except KeyboardInterrupt:
        print("\ninterrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:  # `adjoint demo | head`
        sys.stderr.close()
        return 1
