"""Laws that hold for every operation of the catalogue: what records, what a second backward pass may read, which saved
values a node shows and how it calls them, that all of it is freed (the leak check of conftest), and that meta tensors tell the same."""

import re

import catalogue
import pytest
from oracles import types
from test_catalogue import call, replace, tensors

import adjoint as torch
from adjoint import _core

NAMES = [n for n in catalogue.names() if catalogue.differentiable(n)]


def with_leaves(name):
    """The samples, their floating-point tensors as leaves; then with only one of several leaves requiring grad."""
    for args, kwargs in catalogue.samples(torch, name, torch.float64):
        inputs = [t.detach().clone() for t in tensors(args)]
        floats = [t for t in inputs if t.is_floating_point() or t.is_complex()]
        for wanted in [floats] + ([[t] for t in floats] if len(floats) > 1 else []):
            leaves = [t.detach().requires_grad_(any(t is w for w in wanted)) for t in inputs]
            yield replace(args, iter(leaves)), kwargs, [t for t in leaves if t.requires_grad]


def results(name, args, kwargs):
    return tensors(call(name)(*args, **kwargs))


def nodes_of(outputs):
    """Every node behind the outputs but the leaves' own."""
    found, todo = {}, [y.grad_fn for y in outputs if y.grad_fn is not None]
    while todo:
        node = todo.pop()
        if id(node) in found or hasattr(node, "variable"):
            continue
        found[id(node)] = node
        todo += [n for n, _ in node.next_functions if n is not None]
    return list(found.values())


def saved_names(node, prefix):
    return [n for n in dir(node) if n.startswith(prefix)]


def holds_tensors(node):
    """Has it saved a tensor that was set?"""
    raw = [getattr(node, n) for n in saved_names(node, "_raw_saved_")]
    flat = [s for r in raw for s in (r if isinstance(r, tuple) else (r,))]
    return any(s.unpack() is not None for s in flat)


def holds_a_number(node):
    """An operand that is a number: it counts as saved where the rule reads it, as PyTorch makes a tensor of it."""
    return any(isinstance(getattr(node, n, None), (int, float, complex)) for n in ("_saved_self", "_saved_other"))


@pytest.mark.parametrize("name", NAMES)
def test_nothing_records_where_recording_is_off(name):
    for args, kwargs, leaves in with_leaves(name):
        for mode in (torch.no_grad, torch.inference_mode):
            before = _core._live_nodes()
            with mode():
                for y in results(name, args, kwargs):
                    assert y.grad_fn is None
                    assert not y.requires_grad or y._is_view() or any(y is x for x in leaves)
            assert _core._live_nodes() == before


@pytest.mark.parametrize("name", NAMES)
def test_a_second_pass_raises_where_something_was_saved(name):
    for args, kwargs, leaves in with_leaves(name):
        outputs = [y for y in results(name, args, kwargs) if y.requires_grad and not any(y is x for x in leaves)]
        if not outputs:
            continue
        seeds = [torch.ones_like(y) for y in outputs]
        nodes = nodes_of(outputs)
        saves, numbers = any(map(holds_tensors, nodes)), any(map(holds_a_number, nodes))
        torch.autograd.backward(outputs, seeds)
        if saves:
            with pytest.raises(RuntimeError, match="second time"):
                torch.autograd.backward(outputs, seeds)
        elif not numbers:
            torch.autograd.backward(outputs, seeds)


@pytest.mark.parametrize("name", NAMES)
def test_hooks_see_every_tensor_that_is_saved(name):
    for args, kwargs, _ in with_leaves(name):
        packed = []
        with torch.autograd.graph.saved_tensors_hooks(lambda t: packed.append(t.shape) or t, lambda t: t):
            outputs = results(name, args, kwargs)
        nodes = nodes_of(outputs)
        raw = [getattr(node, n) for node in nodes for n in saved_names(node, "_raw_saved_")]
        flat = [s for r in raw for s in (r if isinstance(r, tuple) else (r,))]
        shown = sum(s.unpack() is not None for s in flat)
        assert shown == len(packed) if len(nodes) == 1 else shown <= len(packed)
        del nodes, raw, flat, outputs


@pytest.mark.parametrize("name", NAMES)
def test_saved_values_can_be_read_until_they_are_freed(name):
    for args, kwargs, leaves in with_leaves(name):
        outputs = [y for y in results(name, args, kwargs) if y.requires_grad and not any(y is x for x in leaves)]
        if not outputs:
            continue
        nodes = nodes_of(outputs)
        held = {}
        for k, node in enumerate(nodes):
            raw = saved_names(node, "_raw_saved_")
            shown = saved_names(node, "_saved_")
            assert {n.replace("_raw", "", 1) for n in raw} <= set(shown)
            for n in shown:
                held[k, n] = getattr(node, n)  # a value, or None
        torch.autograd.backward(outputs, [torch.ones_like(y) for y in outputs])
        for (k, n), value in held.items():
            if isinstance(value, torch.Tensor):
                with pytest.raises(RuntimeError, match="second time|freed"):
                    getattr(nodes[k], n)
            elif value is None or not isinstance(value, tuple):
                assert getattr(nodes[k], n) == value or value != value
        del held, nodes


def words(name):
    """A node's or an operation's name, to be compared."""
    return re.sub("^(linalg|special)(?=.)|_", "", re.sub(r"Backward\d*(_copy)?$", "", name).lower())


RECORDS = {}
for record in _core._records():
    RECORDS.setdefault(words(record["name"]), set()).update(
        x["name"] for x in (*record["parameters"], *record["results"]) if x["name"]
    )
RECORDS["slice"] = {"dim", "start", "end", "step"}
PADS = [f"{mode}pad{n}d" for mode in ("reflection", "replication") for n in (1, 2, 3)]
SAME_NODE = {"prelukernel": "prelu", "unsafeview": "reshape", "reshapealias": "reshape", "tocopy": "to"}
SAME_NODE |= {"fusedrmsnorm": "rmsnorm", "nllloss2d": "nllloss"}
SAME_NODE |= {"scaleddotproductflashattentionforcpu": "scaleddotproductattention"}
SAME_NODE |= dict.fromkeys(PADS, "pad") | {"im2col": "unfold", "col2im": "fold"}
# PyTorch's names for what neither went in nor came out, and some of our own.
FURTHER = {
    "convolution": {"bias_sym_sizes_opt"},
    "elu celu": {"scale", "input_scale"},
    "kthvalue max median min mode nanmedian sort topk cummax cummin": {"indices"},
    "aminmax": {"min", "max"},
    "frexp": {"exponent"},
    " ".join(PADS): {"padding"},
    "vectornorm pdist": {"self"},
    "maskedfill": {"condition"},  # PyTorch: mask
    "narrowcopy": {"start", "end", "step"},  # PyTorch: start and length
    "round": {"scale"},  # PyTorch: decimals
    "rreluwithnoise": {"self", "other", "negative_slope"},
    "embedding embeddingbag": {"weight_sym_argsize_0"},
    "embeddingdensebackward": {"indices", "padding_idx", "scale_grad_by_freq"},
    "sort topk": {"keepdim"},
    "nativebatchnorm nativelayernorm nativegroupnorm fusedrmsnorm": {"statistics"},  # PyTorch: result1, result2
    "nllloss nllloss2d crossentropy nlllossbackward": {"total_weight", "weight", "target", "norms", "label_smoothing"},
    "solveex det slogdet": {"LU", "pivots"},
    "solvetriangular": {"self"},  # PyTorch: A
    "scaleddotproductflashattentionforcpu": {"output", "logsumexp", "dropout_mask"},
}


@pytest.mark.parametrize("name", NAMES)
def test_saved_values_have_the_operations_names(name):
    for args, kwargs, _ in with_leaves(name):
        for node in nodes_of(results(name, args, kwargs)):
            op = words(node.name())
            own = RECORDS.get(SAME_NODE.get(op, op), set()).union(
                *(more for ops, more in FURTHER.items() if op in ops.split())
            )
            shown = {n.removeprefix("_saved_") for n in saved_names(node, "_saved_")}
            shown = {n for n in shown if not re.fullmatch(r"result\d*|\w+_sym_(sizes|numel)", n)}
            assert shown <= own, f"{node.name()}: {shown - own}"


def test_a_number_that_the_rule_reads_counts_as_saved():
    x = torch.ones(3, requires_grad=True)
    for y in (x * 2, x / 2, 2 / x):
        y.sum().backward()
        with pytest.raises(RuntimeError, match="second time"):
            y.sum().backward()
    for y in (x + 2, x - 2, 2 - x, x % 2):
        y.sum().backward()
        y.sum().backward()


# A result whose shape or value is in the operands' elements, or that has to have elements.
NEEDS_VALUES = {
    *("argwhere", "nonzero", "where", "masked_select", "unique", "unique_consecutive", "bincount", "repeat_interleave"),
    *("allclose", "equal", "Tensor.cpu", "to", "set_rng_state"),
    # These look at their indices or weights without need.
    *("take", "put", "masked_scatter", "combinations", "cov"),
    "nn.functional.grouped_mm",
    "masked.median",  # of integers: a row where nothing counts is refused
    *("nn.functional.one_hot", "nn.functional.ctc_loss", "ctc_loss"),  # how many classes or steps there are
    # Lengths and batch sizes, which are on the CPU whatever the device.
    *("_pack_padded_sequence", "_pad_packed_sequence", "lstm", "gru", "rnn_tanh", "rnn_relu"),
}


def told(value):
    """Of each tensor among the results; other values as they are."""
    if isinstance(value, (list, tuple)):
        return [t for v in value for t in told(v)]
    return [(value.shape, value.dtype, value.stride(), value.layout) if isinstance(value, torch.Tensor) else value]


def on_meta(value):
    if isinstance(value, (list, tuple)):
        return type(value)(map(on_meta, value))
    return value.to("meta") if isinstance(value, torch.Tensor) else value


@pytest.mark.filterwarnings("ignore:Casting complex values")
@pytest.mark.parametrize("name", catalogue.names())
def test_meta_tensors_tell_the_same(name):
    for dtype in types.ALL:
        try:
            samples = catalogue.samples(torch, name, getattr(torch, dtype))
        except (RuntimeError, NotImplementedError, ValueError):
            continue
        for args, kwargs in samples:
            if not tensors(args):
                continue
            args_there, kwargs_there = on_meta(args), {k: on_meta([v])[0] for k, v in kwargs.items()}
            try:
                here = call(name)(*args, **kwargs)
            except (RuntimeError, NotImplementedError, ZeroDivisionError, ValueError):
                continue
            try:
                there = call(name)(*args_there, **kwargs_there)
            except (RuntimeError, NotImplementedError, TypeError, ValueError):
                assert name in NEEDS_VALUES, f"{name} {dtype}"
                continue
            assert told(there) == told(here), f"{name} {dtype}"
            assert all(t.is_meta for t in tensors(there))
