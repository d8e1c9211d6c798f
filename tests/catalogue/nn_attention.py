"""Samples of attention (core/ops/nn/attention.cpp)."""


def _attention(make):
    def operands(lead=(), queries=3, keys=4, depth=2, values=3, kv_lead=None):
        kv = lead if kv_lead is None else kv_lead
        return make(*lead, queries, depth), make(*kv, keys, depth), make(*kv, keys, values)

    seen = make.torch.tensor([[True, False, True, True], [False, True, False, False], [False, False, False, False]])
    return [
        (operands(), {}),
        (operands((2,)), {"is_causal": True}),
        (operands((2, 2), values=2), {"scale": 0.3}),
        ((*operands((1, 2)), seen), {}),
        ((*operands((2, 2)), make(2, 1, 1, 4)), {}),
        ((*operands((1, 2)), make(3, 4)), {"is_causal": True}),
        (operands((1, 4), kv_lead=(1, 2)), {"enable_gqa": True}),
        ((*operands((4,), kv_lead=(2,)), make(4, 3, 4)), {"enable_gqa": True}),
        (operands((2, 3), kv_lead=(3,)), {}),
        (operands((2, 1, 2), kv_lead=(1, 3, 2)), {}),
        ((make(2, 3, 2, 2).transpose(1, 2), make(2, 4, 2, 2).transpose(1, 2), make(2, 4, 2, 2).transpose(1, 2)), {}),
        (operands((2,), queries=0), {}),
        (operands((2,), keys=0), {}),
        (operands((2,), depth=0), {}),
        (operands((0, 2)), {}),
        (operands((), queries=1, keys=1, depth=1, values=1), {}),
    ]


SAMPLES = {"nn.functional.scaled_dot_product_attention": _attention}
