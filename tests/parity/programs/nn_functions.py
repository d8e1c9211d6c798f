"""nn.functional: values, gradients and errors of one call each."""


def sweep(torch, cases, second=False):
    """Prints each call's value, and the gradients of its sum of squares."""
    for name, f, *xs in cases:
        inputs = [x.clone().requires_grad_(x.is_floating_point()) for x in xs]
        try:
            y = f(*inputs)
            first = y[0] if isinstance(y, tuple) else y
            print(name, *(t.detach() for t in (y if isinstance(y, tuple) else (y,)) if t is not None))
            if first.requires_grad:
                leaves = [x for x in inputs if x.requires_grad]
                grads = torch.autograd.grad(first.pow(2).sum(), leaves, create_graph=second, allow_unused=True)
                print("  ", *(g if g is None else g.detach() for g in grads))
                if second:
                    total = sum(g.pow(2).sum() for g in grads if g is not None and g.requires_grad)
                    print("  ", *torch.autograd.grad(total, leaves, allow_unused=True))
        except Exception as e:
            print(name, type(e).__name__)


def ramp(torch, *shape):
    n = 1
    for s in shape:
        n *= s
    return (torch.arange(n, dtype=torch.float64) * 0.7).sin().view(shape).float()


def prog_convolutions(torch):
    F = torch.nn.functional
    r = lambda *s: ramp(torch, *s)
    x, w, b = r(2, 4, 5, 6), r(6, 2, 3, 2), r(6)
    sweep(
        torch,
        [
            ("plain", lambda x, w, b: F.conv2d(x, w, b, groups=2), x, w, b),
            ("stride", lambda x, w: F.conv2d(x, w, stride=(2, 1), padding=(1, 2), dilation=(1, 2), groups=2), x, w),
            ("same", lambda x, w: F.conv2d(x, w, padding="same", groups=2), x, w),
            ("valid", lambda x, w: F.conv2d(x, w, padding="valid", groups=2), x, w),
            ("depthwise", lambda x, w: F.conv2d(x, w, padding=1, groups=4), x, r(4, 1, 3, 3)),
            ("one by one", lambda x, w: F.conv2d(x, w), x, r(3, 4, 1, 1)),
            ("unbatched", lambda x, w: F.conv2d(x, w), r(1, 4, 4), r(2, 1, 3, 3)),
            ("1d", lambda x, w, b: F.conv1d(x, w, b, 2, 1), r(2, 3, 7), r(2, 3, 3), r(2)),
            ("3d", lambda x, w: F.conv3d(x, w, padding=1, stride=2), r(1, 2, 3, 4, 3), r(2, 2, 2, 2, 2)),
            (
                "transposed 1d",
                lambda x, w: F.conv_transpose1d(x, w, stride=2, output_padding=1),
                r(1, 2, 4),
                r(2, 3, 3),
            ),
            (
                "transposed 2d",
                lambda x, w, b: F.conv_transpose2d(x, w, b, 2, 1, 1, 2, 1),
                r(1, 4, 3, 3),
                r(4, 2, 3, 3),
                r(4),
            ),
            ("transposed 3d", lambda x, w: F.conv_transpose3d(x, w), r(1, 1, 2, 2, 2), r(1, 2, 2, 2, 2)),
            ("unfold", lambda x: F.unfold(x, (2, 3), padding=1, stride=2), r(1, 2, 4, 5)),
            ("fold", lambda x: F.fold(x, (4, 5), (2, 2), stride=(2, 3)), r(1, 8, 4)),
            (
                "channels last",
                lambda x, w: F.conv2d(x.contiguous(memory_format=torch.channels_last), w, groups=2).sum(0),
                x,
                w,
            ),
        ],
        second=True,
    )


def prog_pooling(torch):
    F = torch.nn.functional
    r = lambda *s: ramp(torch, *s)
    x = r(1, 2, 5, 6)
    sweep(
        torch,
        [
            ("max", lambda x: F.max_pool2d(x, 2), x),
            ("max all", lambda x: F.max_pool2d(x, 3, 2, 1, 2, ceil_mode=True, return_indices=True), x),
            ("max 1d", lambda x: F.max_pool1d(x, 3, padding=1, return_indices=True), r(2, 2, 7)),
            ("max 3d", lambda x: F.max_pool3d(x, 2, 1), r(1, 1, 3, 3, 3)),
            ("avg", lambda x: F.avg_pool2d(x, 2, 2, 1, ceil_mode=True), x),
            ("avg count", lambda x: F.avg_pool2d(x, 3, 2, 1, count_include_pad=False, divisor_override=None), x),
            ("avg divisor", lambda x: F.avg_pool2d(x, 2, divisor_override=3), x),
            ("avg 1d", lambda x: F.avg_pool1d(x, 3, 2, 1), r(2, 7)),
            ("avg 3d", lambda x: F.avg_pool3d(x, 2, 1, 1), r(1, 1, 2, 3, 3)),
            ("lp", lambda x: F.lp_pool2d(x.abs() + 0.1, 3.0, 2), x),
            ("lp 1d", lambda x: F.lp_pool1d(x.abs() + 0.1, 2.0, 3, ceil_mode=True), r(1, 2, 7)),
            ("adaptive avg", lambda x: F.adaptive_avg_pool2d(x, (3, None)), x),
            ("adaptive avg 1d", lambda x: F.adaptive_avg_pool1d(x, 4), r(2, 3, 7)),
            ("adaptive max", lambda x: F.adaptive_max_pool2d(x, 2, return_indices=True), x),
            ("adaptive avg 3d", lambda x: F.adaptive_avg_pool3d(x, 2), r(1, 1, 3, 5, 4)),
            ("unpool", lambda x: F.max_unpool2d(*F.max_pool2d(x, 2, return_indices=True), 2), r(1, 1, 4, 4)),
            (
                "unpool 1d",
                lambda x: F.max_unpool1d(*F.max_pool1d(x, 2, return_indices=True), 2, output_size=[7]),
                r(1, 1, 7),
            ),
            ("nan", lambda x: F.max_pool1d(x, 2), torch.tensor([[[1.0, float("nan"), 2.0, 3.0]]])),
        ],
    )


def prog_normalisations(torch):
    F = torch.nn.functional
    r = lambda *s: ramp(torch, *s).double()
    x, w, b = r(3, 4, 2, 3) * 2 + 1, r(4) + 1.5, r(4) + 0.3
    mean, var = torch.zeros(4).double(), torch.ones(4).double()
    sweep(
        torch,
        [
            ("batch", lambda x, w, b: F.batch_norm(x, mean, var, w, b, training=True), x, w, b),
            ("running", lambda x, w, b: F.batch_norm(x, mean, var, w, b), x, w, b),
            ("bare", lambda x: F.batch_norm(x, None, None, training=True, eps=1e-3), x),
            ("layer", lambda x, w, b: F.layer_norm(x, (2, 3), w, b), x, r(2, 3), r(2, 3)),
            ("layer bare", lambda x: F.layer_norm(x, (3,)), x),
            ("group", lambda x, w, b: F.group_norm(x, 2, w, b), x, w, b),
            ("instance", lambda x, w, b: F.instance_norm(x, weight=w, bias=b), x, w, b),
            ("rms", lambda x, w: F.rms_norm(x, (3,), w), x, r(3)),
            ("local", lambda x: F.local_response_norm(x, 3, alpha=0.1), x),
            ("normalize", lambda x: F.normalize(x, p=2, dim=1), x),
            ("normalize 1", lambda x: F.normalize(x, p=1.0, dim=-1), x),
        ],
        second=True,
    )
    print(mean, var)


def prog_losses(torch):
    F = torch.nn.functional
    r = lambda *s: ramp(torch, *s)
    x, y, t = r(4, 3), r(4, 3) * 0.5 + 0.1, torch.tensor([0, 2, 1, 2])
    p, q = torch.sigmoid(x), torch.softmax(y, 1)
    w = torch.tensor([0.5, 1.0, 2.0])
    signs = torch.tensor([1.0, -1.0, 1.0, -1.0])
    cases = []
    for red in ("none", "mean", "sum"):
        cases += [
            (
                f"ce {red}",
                lambda x, red=red: F.cross_entropy(x, t, w, ignore_index=1, reduction=red, label_smoothing=0.1),
                x,
            ),
            (f"ce prob {red}", lambda x, q, red=red: F.cross_entropy(x, q, w, reduction=red), x, q),
            (f"nll {red}", lambda x, red=red: F.nll_loss(F.log_softmax(x, 1), t, w, reduction=red), x),
            (f"mse {red}", lambda x, y, red=red: F.mse_loss(x, y, reduction=red), x, y),
            (f"l1 {red}", lambda x, y, red=red: F.l1_loss(x, y, reduction=red), x, y),
            (f"smooth {red}", lambda x, y, red=red: F.smooth_l1_loss(x, y, reduction=red, beta=0.3), x, y),
            (f"huber {red}", lambda x, y, red=red: F.huber_loss(x, y, reduction=red, delta=0.3), x, y),
            (f"bce {red}", lambda p, y, red=red: F.binary_cross_entropy(p, q, w.expand(4, 3), reduction=red), p, y),
            (
                f"bce logits {red}",
                lambda x, red=red: F.binary_cross_entropy_with_logits(
                    x, q, w, red == "none", reduction=red, pos_weight=w
                ),
                x,
            ),
            (f"kl {red}", lambda x, red=red: F.kl_div(F.log_softmax(x, 1), q, reduction=red), x),
            (f"gauss {red}", lambda x, y, red=red: F.gaussian_nll_loss(x, y, p, full=True, reduction=red), x, y),
            (f"poisson {red}", lambda x, y, red=red: F.poisson_nll_loss(x, y.abs(), full=True, reduction=red), x, y),
            (f"hinge {red}", lambda x, red=red: F.hinge_embedding_loss(x[:, 0], signs, reduction=red), x),
            (
                f"margin {red}",
                lambda x, y, red=red: F.margin_ranking_loss(x[:, 0], y[:, 0], signs, 0.1, reduction=red),
                x,
                y,
            ),
            (f"multi margin {red}", lambda x, red=red: F.multi_margin_loss(x, t, weight=w, p=2, reduction=red), x),
            (
                f"multilabel {red}",
                lambda x, red=red: F.multilabel_margin_loss(x, torch.tensor([[0, 2, -1]] * 4), reduction=red),
                x,
            ),
            (
                f"multilabel soft {red}",
                lambda x, red=red: F.multilabel_soft_margin_loss(x, q.round(), reduction=red),
                x,
            ),
            (f"cosine {red}", lambda x, y, red=red: F.cosine_embedding_loss(x, y, signs, 0.2, reduction=red), x, y),
            (
                f"triplet {red}",
                lambda x, y, red=red: F.triplet_margin_loss(x, y, x.flip(0), swap=True, reduction=red),
                x,
                y,
            ),
            (
                f"soft margin {red}",
                lambda x, red=red: F.soft_margin_loss(x, signs[:, None].expand(4, 3), reduction=red),
                x,
            ),
        ]
    cases.append(("ce 2d", lambda x: F.cross_entropy(x, torch.tensor([[[0, 1], [1, -100]]])), r(1, 2, 2, 2)))
    cases.append(
        ("kl batchmean", lambda x: F.kl_div(F.log_softmax(x, 1), q.log(), reduction="batchmean", log_target=True), x)
    )
    cases.append(("ce one", lambda x: F.cross_entropy(x, torch.tensor(1)), r(3)))
    cases.append(("bad reduction", lambda x: F.mse_loss(x, y, reduction="avg"), x))
    sweep(torch, cases)


def prog_second_derivatives(torch):
    F = torch.nn.functional
    r = lambda *s: ramp(torch, *s).double()
    x, y = r(3, 4), r(3, 4) * 0.3 + 0.5
    t = torch.tensor([0, 3, 1])
    sweep(
        torch,
        [
            ("cross entropy", lambda x: F.cross_entropy(x, t, reduction="none"), x),
            ("mse", lambda x, y: F.mse_loss(x, y), x, y),
            ("bce", lambda y: F.binary_cross_entropy(y, torch.ones(3, 4).double() * 0.2), y),
            ("logits", lambda x: F.binary_cross_entropy_with_logits(x, torch.ones(3, 4).double() * 0.2), x),
            ("huber", lambda x, y: F.huber_loss(x, y), x, y),
            ("smooth", lambda x, y: F.smooth_l1_loss(x, y), x, y),
            ("embedding", lambda w: F.embedding(t, w), r(5, 2)),
            ("cosine", lambda x, y: F.cosine_similarity(x, y), x, y),
            ("distance", lambda x, y: F.pairwise_distance(x, y, 3.0), x, y),
            ("glu", lambda x: F.glu(x), x),
            ("bilinear", lambda x, y, w: F.bilinear(x, y, w), x, y, r(2, 4, 4)),
            ("interpolate", lambda x: F.interpolate(x, scale_factor=1.5, mode="bilinear"), r(1, 1, 4, 4)),
            ("attention", lambda q, k, v: F.scaled_dot_product_attention(q, k, v), x, y, x + y),
            ("avg pool", lambda x: F.avg_pool1d(x, 2), x),
            ("pad", lambda x: F.pad(x[None], (1, 2), "reflect"), x),
            ("pixel", lambda x: F.pixel_shuffle(x.view(1, 4, 1, 3), 2), x),
        ],
        second=True,
    )


def prog_resampling(torch):
    F = torch.nn.functional
    r = lambda *s: ramp(torch, *s)
    x = r(1, 2, 3, 4)
    cases = []
    for mode in ("nearest", "nearest-exact", "bilinear", "bicubic", "area"):
        cases.append((mode, lambda x, m=mode: F.interpolate(x, (5, 3), mode=m), x))
        cases.append((mode + " scale", lambda x, m=mode: F.interpolate(x, scale_factor=(1.7, 0.6), mode=m), x))
    for mode in ("bilinear", "bicubic"):
        cases.append((mode + " corners", lambda x, m=mode: F.interpolate(x, (5, 7), mode=m, align_corners=True), x))
        cases.append((mode + " antialias", lambda x, m=mode: F.interpolate(x, (2, 2), mode=m, antialias=True), x))
    cases += [
        ("linear", lambda x: F.interpolate(x, 5, mode="linear"), r(1, 2, 3)),
        ("trilinear", lambda x: F.interpolate(x, scale_factor=2, mode="trilinear"), r(1, 1, 2, 2, 2)),
        ("recompute", lambda x: F.interpolate(x, scale_factor=1.3, mode="bilinear", recompute_scale_factor=True), x),
        ("upsample", lambda x: F.upsample_nearest(x, scale_factor=2), x),
        ("none", lambda x: F.interpolate(x), x),
        ("both", lambda x: F.interpolate(x, 3, 2.0), x),
        ("bad mode", lambda x: F.interpolate(x, 3, mode="cubic"), x),
        ("shuffle", lambda x: F.pixel_unshuffle(x.reshape(1, 1, 4, 6), 2), x),
        ("channels", lambda x: F.channel_shuffle(x.reshape(1, 6, 2, 2), 3), x),
    ]
    theta = torch.tensor([[[0.9, 0.1, 0.2], [-0.1, 1.1, -0.3]]])
    for mode in ("bilinear", "nearest", "bicubic"):
        for padding in ("zeros", "border", "reflection"):
            for corners in (False, True):
                sample = lambda x, t, m=mode, p=padding, c=corners: F.grid_sample(
                    x, F.affine_grid(t, (1, 2, 2, 3), align_corners=c), m, p, c
                )
                cases.append((f"sample {mode} {padding} {corners}", sample, x, theta))
    sweep(torch, cases)


def prog_padding(torch):
    F = torch.nn.functional
    x = ramp(torch, 1, 2, 3, 4)
    sweep(
        torch,
        [
            ("constant", lambda x: F.pad(x, (1, 2, 0, 1), value=0.5), x),
            ("crop", lambda x: F.pad(x, (-1, 1, -1, 0)), x),
            ("reflect", lambda x: F.pad(x, (1, 2, 2, 1), "reflect"), x),
            ("replicate", lambda x: F.pad(x, (1, 2, 3, 1), "replicate"), x),
            ("circular", lambda x: F.pad(x, (1, 2, 2, 1), "circular"), x),
            ("too large", lambda x: F.pad(x, (4, 0), "reflect"), x),
            ("odd", lambda x: F.pad(x, (1, 2, 3)), x),
        ],
    )


def prog_embedding(torch):
    F = torch.nn.functional
    w = ramp(torch, 6, 3)
    i = torch.tensor([[1, 2, 4], [4, 3, 0]])
    sweep(
        torch,
        [
            ("plain", lambda w: F.embedding(i, w), w),
            ("padding", lambda w: F.embedding(i, w, padding_idx=4), w),
            ("frequency", lambda w: F.embedding(i, w, scale_grad_by_freq=True), w),
            ("bag mean", lambda w: F.embedding_bag(i, w), w),
            ("bag sum", lambda w: F.embedding_bag(i.flatten(), w, torch.tensor([0, 2, 2]), mode="sum"), w),
            ("bag max", lambda w: F.embedding_bag(i, w, mode="max"), w),
            ("bag weights", lambda w, p: F.embedding_bag(i, w, mode="sum", per_sample_weights=p), w, ramp(torch, 2, 3)),
            (
                "bag last",
                lambda w: F.embedding_bag(i.flatten(), w, torch.tensor([0, 2, 6]), include_last_offset=True),
                w,
            ),
            ("outside", lambda w: F.embedding(i + 3, w), w),
        ],
    )
    m = w.clone()
    print(F.embedding(i, m, max_norm=0.8), m)
    print(F.one_hot(torch.tensor([0, 2])), F.one_hot(torch.tensor([[1]]), 4))


def prog_dropouts(torch):
    F = torch.nn.functional
    x = torch.ones(2, 3, 4)
    for f in (F.dropout, F.alpha_dropout, F.feature_alpha_dropout, F.dropout1d):
        y = f(x, 0.5, training=False)
        print(f.__name__, torch.equal(x, y), f(x, 0.0).sum(), f(x, 1.0).shape)
    y = F.dropout(torch.ones(10000), 0.25)
    print(sorted(set(y.tolist()))[0], round(max(y.tolist()), 4), abs((y == 0).float().mean().item() - 0.25) < 0.03)
    channels = F.dropout2d(torch.ones(4, 50, 2, 2), 0.5).flatten(2)
    print((channels == channels[..., :1]).all())
    try:
        F.dropout(x, -1)
    except ValueError as e:
        print(e)


def prog_attention(torch):
    F = torch.nn.functional
    r = lambda *s: ramp(torch, *s)
    q, k, v = r(1, 2, 3, 4), r(1, 2, 5, 4) * 0.7, r(1, 2, 5, 2)
    mask = torch.tensor([[True, False, True, True, False]]).expand(3, 5)
    sweep(
        torch,
        [
            ("plain", lambda q, k, v: F.scaled_dot_product_attention(q, k, v), q, k, v),
            ("causal", lambda q, k, v: F.scaled_dot_product_attention(q, k, v, is_causal=True), q, k, v),
            ("mask", lambda q, k, v: F.scaled_dot_product_attention(q, k, v, mask), q, k, v),
            ("bias", lambda q, k, v, b: F.scaled_dot_product_attention(q, k, v, b, scale=0.3), q, k, v, r(3, 5)),
            (
                "grouped",
                lambda q, k: F.scaled_dot_product_attention(q, k, k, enable_gqa=True),
                r(1, 4, 2, 3),
                r(1, 2, 3, 3),
            ),
            ("shapes", lambda q, k: F.scaled_dot_product_attention(q, k, k), q, r(1, 2, 5, 3)),
        ],
    )
    torch.manual_seed(0)
    m = torch.nn.MultiheadAttention(4, 2)
    x = r(3, 2, 4).requires_grad_()
    y, weights = m(x, x, x)
    print(y, weights)
    y.sum().backward()
    print(x.grad)
    print(m(x, x, x, need_weights=False)[1], m(x, x, x, average_attn_weights=False)[1].shape)


def prog_recurrent_cells(torch):
    nn = torch.nn
    r = lambda *s: ramp(torch, *s)
    for make in (lambda: nn.RNNCell(3, 2), lambda: nn.LSTMCell(3, 2), lambda: nn.GRUCell(3, 2)):
        torch.manual_seed(0)
        cell = make()
        x = r(2, 3).requires_grad_()
        h = cell(x)
        h = cell(x, h)
        print(*(t.detach() for t in (h if isinstance(h, tuple) else (h,))))
        (h[0] if isinstance(h, tuple) else h).sum().backward()
        print(x.grad, cell.weight_hh.grad)
    for make in (
        lambda: nn.LSTM(3, 4, 2, bidirectional=True), lambda: nn.GRU(3, 4, batch_first=True), lambda: nn.LSTM(3, 4, proj_size=2),
        lambda: nn.RNN(3, 4, bias=False),
    ):  # fmt: skip
        torch.manual_seed(0)
        rnn = make()
        x = r(5, 2, 3).requires_grad_()
        out, h = rnn(x)
        print(out.detach(), *(t.detach() for t in (h if isinstance(h, tuple) else (h,))))
        out.pow(2).sum().backward()
        print(x.grad, *[p.grad.sum() for p in rnn.parameters()])


def prog_activations_in_layers(torch):
    nn = torch.nn
    x = ramp(torch, 2, 4) * 3
    for layer in (
        nn.ELU(0.5), nn.Hardshrink(), nn.Hardsigmoid(), nn.Hardtanh(), nn.Hardswish(), nn.LeakyReLU(), nn.LogSigmoid(), nn.PReLU(),
        nn.ReLU6(), nn.SELU(), nn.CELU(), nn.GELU(), nn.GELU(approximate="tanh"), nn.Sigmoid(), nn.SiLU(), nn.Mish(), nn.Softplus(),
        nn.Softshrink(), nn.Softsign(), nn.Tanh(), nn.Tanhshrink(), nn.Threshold(0.1, -1), nn.GLU(), nn.Softmin(1), nn.Softmax(1),
        nn.LogSoftmax(1), nn.RReLU().eval(), nn.Identity(),
    ):  # fmt: skip
        a = x.clone().requires_grad_()
        y = layer(a)
        y.sum().backward()
        print(type(layer).__name__, y, a.grad)


def prog_legacy_reduction(torch):
    F = torch.nn.functional
    x, y = ramp(torch, 2, 2), torch.zeros(2, 2)
    print(F.mse_loss(x, y, size_average=False), F.l1_loss(x, y, reduce=False), F.mse_loss(x, y, True, True))
    print(torch.nn.MSELoss(size_average=False).reduction, torch.nn.L1Loss(reduce=False).reduction)


def prog_mismatched_target_warns(torch):
    import warnings

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        torch.nn.functional.mse_loss(torch.ones(3, 1), torch.ones(3))
    print([str(w.message).split(".")[0] for w in caught])


def prog_gumbel_and_linear(torch):
    F = torch.nn.functional
    torch.manual_seed(0)
    x = ramp(torch, 2, 3).requires_grad_()
    y = F.gumbel_softmax(x, tau=0.5, hard=True)
    print(y, y.grad_fn is not None)
    y[:, 0].sum().backward()
    print(x.grad)
    print(F.linear(ramp(torch, 2, 3), ramp(torch, 4, 3), ramp(torch, 4)))
