"""What is known about a tensor when someone asks why: its name, the graphs around it, the cuts, the backward passes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import FrameType
from typing import Any

from ... import _core
from ..capture import Capture, Node, TooLarge, Where, capture
from ..naming import Names, key_of

LIMIT = 200_000  # nodes looked at

Cut = dict[str, Any]
ESCAPES = ("item", "tolist", "numpy", "copy")


class Case:
    """The evidence. Nothing here changes the tensor, its graph, or the list of cuts."""

    def __init__(self, tensor: Any, loss: Any, names: Mapping[str, Any] | None, frame: FrameType | None) -> None:
        self.cuts: list[Cut] = _core._cuts()
        self.tensor, self.given = tensor, loss
        self.explicit, self.frame = names, frame
        self.names = Names(names, frame)
        self.name = self.name_of(tensor)
        self.too_large = False
        self.state: dict[str, int] = _core._leaf_state(tensor)
        self._around: Capture | None = None
        self._behind: set[int] | None = None

    def name_of(self, t: Any) -> str | None:
        """Its own variable first: a result and the leaf it came from may share a key with other variables."""
        for name, other in self.names.items():
            if other is t:
                return name
        return self.names.get(key_of(t))

    @property
    def subject(self) -> str:
        return self.name or "this tensor"

    def called(self, t: Any) -> str:
        """What to call another tensor in a sentence."""
        if t is self.given and self.name_of(t) is None:
            return "the loss"
        return self.name_of(t) or "a result"

    def variables(self) -> Iterable[tuple[str, Any]]:
        """The other tensors that the caller holds, and the loss given."""
        seen: set[int] = {id(self.tensor)}
        if self.given is not None and self.given is not self.tensor:
            seen.add(id(self.given))
            yield self.called(self.given), self.given
        for name, t in self.names.items():
            if id(t) not in seen:
                seen.add(id(t))
                yield name, t

    def around(self) -> Capture | None:
        """One capture of every graph that the caller's variables lead to; None when there is none."""
        if self._around is None and not self.too_large:
            roots = [t for _, t in self.variables() if t.grad_fn is not None]
            if self.tensor.grad_fn is not None:
                roots.append(self.tensor)
            if roots:
                try:
                    self._around = capture(roots, names=self.explicit, frame=self.frame, limit=LIMIT)
                except TooLarge:
                    self.too_large = True
        return self._around

    def descendants(self) -> set[int]:
        """The indices, in `around`, of all that was computed from the tensor, itself included."""
        if self._behind is None:
            self._behind = set()
            graph = self.around()
            start = graph.find(self.tensor) if graph else None
            if graph and start is not None:
                self._behind.add(start.index)
                for node in graph.nodes[start.index :]:
                    if any(e.tracked and e.source.index in self._behind for e in node.inputs):
                        self._behind.add(node.index)
        return self._behind

    def results(self) -> list[tuple[str, Any, Node]]:
        """The caller's variables that were computed from the tensor, the latest first, with their nodes."""
        graph, found = self.around(), []
        if graph is not None:
            for name, t in self.variables():
                node = graph.find(t) if t.grad_fn is not None else None
                if node is not None and node.index in self.descendants():
                    found.append((name, t, node))
        return sorted(found, key=lambda item: -item[2].index)

    def loss(self) -> Any | None:
        """The loss given, or the likeliest: the latest single number computed from the tensor, else the latest result."""
        if self.given is not None:
            return self.given
        found = [t for _, t, _ in self.results()]
        return next((t for t in found if t.numel() == 1), found[0] if found else None)

    # --- cuts

    def chain(self, t: Any) -> list[Cut]:
        """The cuts that a tensor carries, the last first."""
        cut: Cut | None = _core._cut_of(t)
        chain: list[Cut] = []
        known = {c["id"]: c for c in self.cuts}
        while cut is not None and len(chain) < 50:
            chain.append(cut)
            cut = known.get(cut["before"])
        return chain

    def concerns(self, cut: Cut) -> bool:
        """Did the cut take the history of the tensor or of something computed from it? False: not known."""
        if cut["source"] == self.state["source"]:
            return True
        graph = self.around()
        if graph is not None:
            numbers = {graph.nodes[i].sequence for i in self.descendants() if graph.nodes[i].kind == "operation"}
            return cut["source"] in numbers
        return False

    def carriers(self) -> list[tuple[str, Any, list[Cut]]]:
        """The other variables that carry cuts, and operands inside the loss's graph that do; numbers first."""
        found = [(name, t, chain) for name, t in self.variables() if (chain := self.chain(t))]
        graph = self.around()
        if graph is not None:
            known = {id(t) for _, t, _ in found}
            for n in graph.nodes:
                if n.kind == "data" and id(n.tensor) not in known and (chain := self.chain(n.tensor)):
                    found.append((n.name or "an operand", n.tensor, chain))
        return found

    def near(self, cut: Cut) -> bool:
        """Was it made by the very function that asks?"""
        if self.frame is None or not cut["where"] or cut["where"][0] != self.frame.f_code.co_filename:
            return False
        numbers = [n for _, _, n in self.frame.f_code.co_lines() if n is not None]
        return min(numbers) <= int(cut["where"][1]) <= self.frame.f_lineno

    def escapes(self) -> list[Cut]:
        """Values computed from the tensor that left the graph, the latest first."""
        # A leaf is known by its address, which an earlier one may have had: only cuts of the asking function count.
        leaf = self.state["source"]
        return [c for c in reversed(self.cuts) if self.concerns(c) and (c["source"] != leaf or self.near(c))]


def line(cut: Cut) -> Where | None:
    return Where(*cut["where"]) if cut["where"] else None
