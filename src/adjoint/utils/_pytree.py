"""Nested containers as trees: their leaves in a row, and back. The names are PyTorch's `torch.utils._pytree`."""

from __future__ import annotations

from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

PyTree = Any
Context = Any


class NodeDef(NamedTuple):
    """How a kind of container is taken apart and put together."""

    type: type[Any]
    flatten_fn: Callable[[Any], tuple[list[Any], Context]]
    unflatten_fn: Callable[[Iterable[Any], Context], Any]


SUPPORTED_NODES: dict[type[Any], NodeDef] = {}


def register_pytree_node(
    cls: type[Any],
    flatten_fn: Callable[[Any], tuple[list[Any], Context]],
    unflatten_fn: Callable[[Iterable[Any], Context], Any],
    **_: Any,
) -> None:
    """Makes a class a container.

    Raises:
        ValueError: it is one already.
    """
    if cls in SUPPORTED_NODES:
        raise ValueError(f"{cls} is already registered as pytree node.")
    SUPPORTED_NODES[cls] = NodeDef(cls, flatten_fn, unflatten_fn)


_register_pytree_node = register_pytree_node


def _of_dict(kind: Any) -> tuple[Any, Any]:
    return lambda d: (list(d.values()), list(d.keys())), lambda values, keys: kind(zip(keys, values, strict=True))


register_pytree_node(list, lambda x: (list(x), None), lambda values, _: list(values))
register_pytree_node(tuple, lambda x: (list(x), None), lambda values, _: tuple(values))
register_pytree_node(dict, *_of_dict(dict))
register_pytree_node(OrderedDict, *_of_dict(OrderedDict))
register_pytree_node(
    defaultdict,
    lambda d: (list(d.values()), (d.default_factory, list(d.keys()))),
    lambda values, c: defaultdict(c[0], zip(c[1], values, strict=True)),
)
register_pytree_node(deque, lambda d: (list(d), d.maxlen), lambda values, most: deque(values, maxlen=most))
_NAMED = NodeDef(tuple, lambda x: (list(x), type(x)), lambda values, kind: kind(*values))


def is_namedtuple(obj: object) -> bool:
    """Is it an instance of a named tuple?"""
    return isinstance(obj, tuple) and hasattr(obj, "_fields")


def _node(tree: PyTree) -> NodeDef | None:
    found = SUPPORTED_NODES.get(type(tree))
    return _NAMED if found is None and is_namedtuple(tree) else found


@dataclass
class TreeSpec:
    """The shape of a tree: kind and context of each container; a leaf has kind None."""

    type: Any
    context: Context
    children_specs: list[TreeSpec]

    @property
    def num_leaves(self) -> int:
        return 1 if self.type is None else sum(c.num_leaves for c in self.children_specs)

    @property
    def num_children(self) -> int:
        return len(self.children_specs)

    def is_leaf(self) -> bool:
        return self.type is None

    def unflatten(self, leaves: Iterable[Any]) -> PyTree:
        """The tree of this shape with these leaves."""
        return tree_unflatten(leaves, self)


LeafSpec = lambda: TreeSpec(None, None, [])


def tree_flatten(tree: PyTree, is_leaf: Callable[[PyTree], bool] | None = None) -> tuple[list[Any], TreeSpec]:
    """The leaves in a row, and the tree's shape.

    >>> from adjoint.utils._pytree import tree_flatten, tree_unflatten
    >>> leaves, spec = tree_flatten({"a": 1, "b": (2, [3])})
    >>> leaves, tree_unflatten([10, 20, 30], spec)
    ([1, 2, 3], {'a': 10, 'b': (20, [30])})
    """
    leaves: list[Any] = []

    def walk(part: PyTree) -> TreeSpec:
        node = None if is_leaf is not None and is_leaf(part) else _node(part)
        if node is None:
            leaves.append(part)
            return LeafSpec()
        children, context = node.flatten_fn(part)
        return TreeSpec(type(part), context, [walk(child) for child in children])

    spec = walk(tree)
    return leaves, spec


def tree_unflatten(leaves: Iterable[Any], treespec: TreeSpec) -> PyTree:
    """The tree of this shape with these leaves.

    Raises:
        ValueError: another number of leaves.
    """
    row = list(leaves)
    if len(row) != treespec.num_leaves:
        raise ValueError(
            f"tree_unflatten(leaves, treespec): `leaves` has length {len(row)} but the spec refers to a pytree that holds "
            f"{treespec.num_leaves} items ({treespec})."
        )
    rest = iter(row)

    def make(spec: TreeSpec) -> PyTree:
        if spec.type is None:
            return next(rest)
        node = SUPPORTED_NODES.get(spec.type, _NAMED)
        return node.unflatten_fn([make(child) for child in spec.children_specs], spec.context)

    return make(treespec)


def tree_leaves(tree: PyTree, is_leaf: Callable[[PyTree], bool] | None = None) -> list[Any]:
    """The leaves in a row."""
    return tree_flatten(tree, is_leaf)[0]


tree_iter = tree_leaves


def tree_structure(tree: PyTree, is_leaf: Callable[[PyTree], bool] | None = None) -> TreeSpec:
    """The tree's shape."""
    return tree_flatten(tree, is_leaf)[1]


def tree_map(
    func: Callable[..., Any], tree: PyTree, *rests: PyTree, is_leaf: Callable[[PyTree], bool] | None = None
) -> PyTree:
    """func of every leaf, or of those at the same place in several trees of one shape."""
    leaves, spec = tree_flatten(tree, is_leaf)
    others = [tree_leaves(rest, is_leaf) for rest in rests]
    return tree_unflatten([func(*xs) for xs in zip(leaves, *others, strict=True)], spec)


def tree_map_(func: Callable[..., Any], tree: PyTree, *rests: PyTree, **options: Any) -> PyTree:
    """Calls func for every leaf; gives the tree itself."""
    tree_map(func, tree, *rests, **options)
    return tree


def map_only(kind: Any) -> Callable[[Callable[[Any], Any]], Callable[[Any], Any]]:
    """Makes of f a function that leaves all but instances of `kind` (a class, several, or a predicate) as they are."""
    wanted = kind if callable(kind) and not isinstance(kind, type) else lambda x: isinstance(x, kind)
    return lambda f: lambda x: f(x) if wanted(x) else x


def tree_map_only(kind: Any, func: Callable[[Any], Any], tree: PyTree, is_leaf: Any = None) -> PyTree:
    """func of the leaves of a class; the others stay."""
    return tree_map(map_only(kind)(func), tree, is_leaf=is_leaf)


def tree_all(pred: Callable[[Any], bool], tree: PyTree, is_leaf: Any = None) -> bool:
    """Does it hold for every leaf?"""
    return all(map(pred, tree_leaves(tree, is_leaf)))


def tree_any(pred: Callable[[Any], bool], tree: PyTree, is_leaf: Any = None) -> bool:
    """Does it hold for a leaf?"""
    return any(map(pred, tree_leaves(tree, is_leaf)))


def tree_all_only(kind: Any, pred: Callable[[Any], bool], tree: PyTree, is_leaf: Any = None) -> bool:
    """Does it hold for every leaf of a class?"""
    return all(pred(x) for x in tree_leaves(tree, is_leaf) if isinstance(x, kind))


def tree_any_only(kind: Any, pred: Callable[[Any], bool], tree: PyTree, is_leaf: Any = None) -> bool:
    """Does it hold for a leaf of a class?"""
    return any(pred(x) for x in tree_leaves(tree, is_leaf) if isinstance(x, kind))
