"""The `adjoint` command: explains, draws and questions the gradients of a script; shows the library at work."""

from __future__ import annotations

import argparse
import difflib
import sys
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

__all__ = ["main"]

_EXAMPLES = """\
examples:
  adjoint explain train.py --of loss --with w1    the chain rule written out, with numbers
  adjoint graph train.py --open                   the graph as a page to look into
  adjoint why train.py --of w1                    why its gradient is None, zero or NaN
  adjoint run train.py --epochs 3                 a program that imports torch, on Adjoint
  adjoint weights model.pt                        what a checkpoint holds; runs nothing of it
  adjoint demo                                    the library at work, in under a minute
  adjoint info                                    what runs here, for a report of a problem

'adjoint COMMAND --help' tells more of each.
"""

_EXPLAIN = """\
examples:
  adjoint explain train.py --with w1              how loss depends on w1, path by path
  adjoint explain train.py --of l4 --with w1 w2 --format latex -o derivation.tex
  adjoint explain train.py --step 1 --with w1     at the first backward pass
  adjoint explain train.py --with w1 -- --epochs 3    the script's own arguments
"""
_GRAPH = """\
examples:
  adjoint graph train.py                          writes loss.html
  adjoint graph train.py --open                   shows it in a browser
  adjoint graph train.py --of l4 --svg graph.svg
  adjoint graph train.py --dot | dot -Tpdf -o graph.pdf
"""
_WHY = """\
examples:
  adjoint why train.py --of w1                    why is w1.grad None, zero or NaN?
  adjoint why train.py --of 'layers[0]' --loss loss --step 1
"""
_RUN = """\
examples:
  adjoint run train.py --epochs 3         import torch gives Adjoint, there and in its children
  adjoint run -m package.train
  adjoint run -- pytest tests             a command that a package brings
  adjoint run --missing train.py lib/     what these need of torch and Adjoint lacks, with the lines; runs nothing
"""
_DEMO = """\
examples:
  adjoint demo                    everything, in under a minute, without a network
  adjoint demo article            the article's example, beside the article's numbers
  adjoint demo digits speed       train on handwritten digits, then compare speeds
  adjoint demo network            the digits with layers, an optimizer and a DataLoader
  adjoint demo --plain            plain lines instead of a progress bar
  adjoint demo --out pictures     puts the pictures of the article's graph there
"""
_WEIGHTS = """\
examples:
  adjoint weights model.pt                        every tensor: name, type, shape
  adjoint weights model.pt -o model.safetensors   the same tensors in another format (.npz, .pt, too)
  adjoint weights model.safetensors --only encoder
"""
_INFO = """\
example:
  adjoint info >> report.txt
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
        self.complain(f"{message}{hint}")

    def complain(self, message: str, status: int = 2) -> NoReturn:
        help_ = f"\nTry '{self.prog} --help'." if status == 2 else ""
        self.exit(status, f"{self.prog}: {message}{help_}\n")


def _words(parser: argparse.ArgumentParser) -> list[str]:
    choices = [a.choices for a in parser._actions if a.choices]
    return [str(c) for group in choices for c in group]


def _parser() -> tuple[_Parser, dict[str, _Parser]]:
    parser = _Parser(
        prog="adjoint",
        description="Adjoint: PyTorch's automatic differentiation, rebuilt small. Every gradient explains itself.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="store_true", help="print the version and stop")
    commands = parser.add_subparsers(dest="command", metavar="command", title="commands")

    def command(name: str, help: str, description: str, examples: str) -> _Parser:
        return commands.add_parser(
            name,
            help=help,
            description=description,
            epilog=examples,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )

    explain = command(
        "explain",
        "write out how a gradient comes about",
        "Runs a script and derives the gradient of one of its variables by others: the chain rule, with numbers.",
        _EXPLAIN,
    )
    _takes_script(explain)
    explain.add_argument("--of", default="loss", metavar="NAME", help="the variable to differentiate (default: loss)")
    explain.add_argument(
        "--with",
        dest="by",
        nargs="+",
        action="extend",
        default=[],
        metavar="NAME",
        help="the variables to differentiate by (default: every leaf)",
    )
    formats = ("text", "markdown", "latex", "html")
    explain.add_argument("--format", choices=formats, default="text", help=f"{', '.join(formats)} (default: text)")
    explain.add_argument("-o", "--out", metavar="FILE", help="write there (default: standard output)")

    graph = command(
        "graph",
        "draw the graph behind a variable",
        "Runs a script and draws the graph behind one of its variables. Without an option that says the form, a page is\n"
        "written: NAME.html.",
        _GRAPH,
    )
    _takes_script(graph)
    graph.add_argument("--of", default="loss", metavar="NAME", help="whose graph (default: loss)")
    form = graph.add_mutually_exclusive_group()
    form.add_argument("--html", nargs="?", const="", metavar="FILE", help="a page to look into (default: NAME.html)")
    form.add_argument("--svg", nargs="?", const="", metavar="FILE", help="a picture (default: NAME.svg; - prints it)")
    form.add_argument("--dot", nargs="?", const="", metavar="FILE", help="for Graphviz (default: standard output)")
    form.add_argument("--mermaid", nargs="?", const="", metavar="FILE", help="for Markdown (default: standard output)")
    form.add_argument("--json", nargs="?", const="", metavar="FILE", help="for programs (default: standard output)")
    form.add_argument("--open", action="store_true", help="show the page in a browser")

    why = command(
        "why",
        "say why a gradient is missing, zero, NaN or out of scale",
        "Runs a script and says in sentences, with lines of the script, what is the matter with a variable's gradient.",
        _WHY,
    )
    _takes_script(why)
    why.add_argument("--of", required=True, metavar="NAME", help="whose gradient")
    why.add_argument("--loss", metavar="NAME", help="the gradient of what (default: found from the script's variables)")

    demo = command(
        "demo",
        "show the library at work; fails if any number is wrong",
        "Runs the demonstration; the exit status is 0 only if all its numbers are right. At the end the article's graph\n"
        "is drawn as a picture and a page.",
        _DEMO,
    )
    # nargs="*" with choices would refuse the empty list on Python 3.10, so _demo() checks the words.
    demo.add_argument("parts", nargs="*", metavar="part", help="article, digits, network, speed (default: all)")
    demo.add_argument("--plain", action="store_true", help="plain lines, no progress bar")
    demo.add_argument("--out", metavar="FOLDER", help="where the pictures go (default: a temporary folder)")

    run = command(
        "run",
        "run a program that imports torch on Adjoint, unchanged",
        "Runs a program for which 'import torch' gives Adjoint, for this process and its children.",
        _RUN,
    )
    run.add_argument(
        "program", nargs=argparse.REMAINDER, help="script.py, -m module, or -- command; then its arguments"
    )

    weights = command(
        "weights",
        "list what a checkpoint holds, or convert it",
        "Lists the tensors of a .pt or .safetensors file, or writes them in another format. Nothing of the file is run.\n"
        "bfloat16 becomes float32 in .npz, which does not have it.",
        _WEIGHTS,
    )
    weights.add_argument("file", metavar="FILE", help="a .pt, .pth or .safetensors file")
    weights.add_argument("-o", "--out", metavar="FILE", help="write there; the ending says the format")
    weights.add_argument("--only", metavar="TEXT", help="only tensors with that in their name")

    info = command("info", "what runs here, for a report of a problem", "Prints what runs here.", _INFO)
    return parser, {
        "explain": explain,
        "graph": graph,
        "why": why,
        "demo": demo,
        "run": run,
        "weights": weights,
        "info": info,
    }


def _takes_script(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("script", metavar="script.py", help="the program to run; its own arguments stand after --")
    parser.add_argument(
        "--step",
        type=_positive,
        metavar="N",
        help="stop the script at its N-th backward pass and look at the variables there (default: at its end)",
    )


def _positive(text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"expected a number from 1, got '{text}'")
    return number


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command line `argv` (default: this process's) and returns the exit status."""
    words = list(sys.argv[1:] if argv is None else argv)
    parser, commands = _parser()
    # Everything after -- is the script's.
    at = words.index("--") if "--" in words and words[0] in ("explain", "graph", "why") else len(words)
    if words[:1] == ["run"] and words[1:2] not in (["--help"], ["-h"]):  # all that follows is the program's
        return _interruptible(lambda: _run_program(words[1:], commands["run"]))
    options = parser.parse_args(words[:at])
    options.arguments = words[at + 1 :]
    if options.version:
        from adjoint import __version__

        print(f"adjoint {__version__}")
        return 0
    if options.command is None:
        parser.print_help()
        return 0
    return _interruptible(lambda: _run(options, commands[options.command]))


def _run(options: argparse.Namespace, parser: _Parser) -> int:
    if options.command == "demo":
        return _demo(options, parser)
    if options.command == "info":
        from adjoint.cli import info

        return info.run()
    from adjoint.cli import ask
    from adjoint.cli.script import Complaint

    try:
        if options.command == "weights":
            from adjoint.cli import weights

            return weights.run(options.file, options.out, options.only)
        answer: Any = getattr(ask, options.command)
        return int(answer(options))
    except Complaint as complaint:
        parser.complain(str(complaint), complaint.status)


def _run_program(words: list[str], parser: _Parser) -> int:
    from adjoint.cli.script import Complaint

    try:
        if words[:1] == ["--missing"]:
            from adjoint.cli import missing

            return missing.run(words[1:])
        from adjoint.cli import runner

        return runner.run(words)
    except Complaint as complaint:
        parser.complain(str(complaint), complaint.status)


def _demo(options: argparse.Namespace, parser: _Parser) -> int:
    from adjoint.cli import demo

    for word in options.parts:
        if word not in demo.PARTS:
            near = difflib.get_close_matches(word, demo.PARTS, n=1)
            hint = f"did you mean '{near[0]}'?" if near else f"the parts are {', '.join(demo.PARTS)}"
            parser.complain(f"'{word}' is not a part; {hint}")
    try:
        return demo.run(options.parts or list(demo.PARTS), plain=options.plain, out=options.out)
    except OSError as error:
        parser.complain(f"cannot write the pictures: {error}")


def _interruptible(run: Callable[[], int]) -> int:
    try:
        return run()
    except KeyboardInterrupt:
        print("\ninterrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:  # `adjoint demo | head`
        sys.stderr.close()
        return 1
