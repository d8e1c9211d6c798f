"""Models as users write them, trained for some steps from a seed: the losses that they print."""


def train(torch, model, batches, loss_of, make=None, steps=6):
    """Prints the loss of each step, and what became of the parameters."""
    make = make or (lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.9))
    optimizer = make(model.parameters())
    for step in range(steps):
        x, y = batches[step % len(batches)]
        optimizer.zero_grad()
        loss = loss_of(model(x), y)
        loss.backward()
        optimizer.step()
        print(step, f"{loss.item():.5f}")
    for name, p in model.named_parameters():
        print(name, tuple(p.shape), f"{p.detach().abs().sum().item():.4f}")


def prog_linear_regression(torch):
    torch.manual_seed(0)
    x = torch.randn(32, 3)
    y = x @ torch.tensor([1.0, -2.0, 0.5]) + 0.3
    train(torch, torch.nn.Linear(3, 1), [(x, y[:, None])], torch.nn.MSELoss(), steps=10)


def prog_mlp_classifier(torch):
    nn = torch.nn
    torch.manual_seed(1)
    model = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Dropout(0.0), nn.Linear(16, 3))
    print(model)
    x, y = torch.randn(20, 4), torch.randint(3, (20,))
    train(torch, model, [(x, y)], nn.CrossEntropyLoss(), lambda p: torch.optim.Adam(p, lr=0.01))
    model.eval()
    with torch.no_grad():
        print(model(x).argmax(1))


def prog_mnist_cnn(torch):
    nn, F = torch.nn, torch.nn.functional

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv1 = nn.Conv2d(1, 8, 3, 1)
            self.conv2 = nn.Conv2d(8, 16, 3, 1)
            self.dropout1 = nn.Dropout(0.25)
            self.fc1 = nn.Linear(16 * 5 * 5, 32)
            self.fc2 = nn.Linear(32, 10)

        def forward(self, x):
            x = F.relu(self.conv1(x))
            x = F.relu(self.conv2(x))
            x = F.max_pool2d(x, 2)
            x = torch.flatten(x, 1)
            x = F.relu(self.fc1(x))
            return F.log_softmax(self.fc2(x), dim=1)

    torch.manual_seed(2)
    model = Net()
    print(model)
    x, y = torch.randn(8, 1, 14, 14), torch.randint(10, (8,))
    train(torch, model, [(x, y)], F.nll_loss, lambda p: torch.optim.Adadelta(p, lr=1.0))


def prog_autoencoder(torch):
    nn = torch.nn
    torch.manual_seed(3)
    model = nn.Sequential(
        nn.Conv2d(1, 4, 3, stride=2, padding=1, bias=False),
        nn.BatchNorm2d(4),
        nn.LeakyReLU(0.1),
        nn.ConvTranspose2d(4, 1, 3, stride=2, padding=1, output_padding=1),
        nn.Sigmoid(),
    )
    x = torch.rand(4, 1, 8, 8)
    train(torch, model, [(x, x)], nn.BCELoss(), lambda p: torch.optim.RMSprop(p, lr=0.01))
    print(model[1].running_mean, model[1].running_var, model[1].num_batches_tracked)


def prog_vae(torch):
    nn, F = torch.nn, torch.nn.functional

    class VAE(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc1, self.fc21, self.fc22 = nn.Linear(12, 8), nn.Linear(8, 2), nn.Linear(8, 2)
            self.fc3, self.fc4 = nn.Linear(2, 8), nn.Linear(8, 12)

        def forward(self, x):
            h = F.relu(self.fc1(x))
            mu, logvar = self.fc21(h), self.fc22(h)
            std = torch.exp(0.5 * logvar)
            z = mu + torch.randn_like(std) * std
            return torch.sigmoid(self.fc4(F.relu(self.fc3(z)))), mu, logvar

    def loss_of(out, x):
        recon, mu, logvar = out
        bce = F.binary_cross_entropy(recon, x, reduction="sum")
        return bce - 0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp())

    torch.manual_seed(4)
    x = torch.rand(6, 12)
    train(torch, VAE(), [(x, x)], loss_of, lambda p: torch.optim.Adam(p, lr=1e-3))


def prog_gan(torch):
    nn = torch.nn
    torch.manual_seed(5)
    G = nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 3), nn.Tanh())
    D = nn.Sequential(nn.Linear(3, 8), nn.LeakyReLU(0.2), nn.Linear(8, 1))
    og = torch.optim.Adam(G.parameters(), lr=0.01, betas=(0.5, 0.999))
    od = torch.optim.Adam(D.parameters(), lr=0.01, betas=(0.5, 0.999))
    loss = nn.BCEWithLogitsLoss()
    for _ in range(4):
        real, noise = torch.rand(5, 3), torch.randn(5, 2)
        od.zero_grad()
        fake = G(noise)
        d = loss(D(real), torch.ones(5, 1)) + loss(D(fake.detach()), torch.zeros(5, 1))
        d.backward()
        od.step()
        og.zero_grad()
        g = loss(D(fake), torch.ones(5, 1))
        g.backward()
        og.step()
        print(f"{d.item():.5f} {g.item():.5f}")


def prog_char_lstm(torch):
    nn = torch.nn

    class CharModel(nn.Module):
        def __init__(self, vocab):
            super().__init__()
            self.embed = nn.Embedding(vocab, 6)
            self.lstm = nn.LSTM(6, 10, num_layers=2, batch_first=True)
            self.head = nn.Linear(10, vocab)

        def forward(self, x):
            out, _ = self.lstm(self.embed(x))
            return self.head(out)

    torch.manual_seed(6)
    text = "hello world, hello adjoint"
    chars = sorted(set(text))
    ids = torch.tensor([chars.index(c) for c in text])
    x, y = ids[:-1].view(1, -1), ids[1:].view(1, -1)
    loss = nn.CrossEntropyLoss()
    model = CharModel(len(chars))
    print(model)
    train(torch, model, [(x, y)], lambda o, t: loss(o.flatten(0, 1), t.flatten()), lambda p: torch.optim.Adam(p, 0.02))


def prog_gru_classifier(torch):
    nn = torch.nn

    class Classifier(nn.Module):
        def __init__(self):
            super().__init__()
            self.gru = nn.GRU(3, 5, bidirectional=True)
            self.head = nn.Linear(10, 2)

        def forward(self, x):
            _, h = self.gru(x)
            return self.head(torch.cat([h[-2], h[-1]], 1))

    torch.manual_seed(7)
    x, y = torch.randn(7, 4, 3), torch.tensor([0, 1, 1, 0])
    train(torch, Classifier(), [(x, y)], nn.CrossEntropyLoss(label_smoothing=0.1))


def prog_packed_rnn(torch):
    nn = torch.nn
    torch.manual_seed(8)
    rnn = nn.RNN(2, 3, nonlinearity="relu")
    sequences = [torch.randn(n, 2) for n in (4, 2, 3)]
    packed = nn.utils.rnn.pack_sequence(sequences, enforce_sorted=False)
    out, h = rnn(packed)
    padded, lengths = nn.utils.rnn.pad_packed_sequence(out, batch_first=True)
    print(padded, lengths, h)
    padded.sum().backward()
    for name, p in rnn.named_parameters():
        print(name, p.grad)


def prog_gpt(torch):
    nn, F = torch.nn, torch.nn.functional

    class Block(nn.Module):
        def __init__(self, n, heads):
            super().__init__()
            self.heads = heads
            self.ln1, self.ln2 = nn.LayerNorm(n), nn.LayerNorm(n)
            self.qkv, self.proj = nn.Linear(n, 3 * n), nn.Linear(n, n)
            self.mlp = nn.Sequential(nn.Linear(n, 4 * n), nn.GELU(), nn.Linear(4 * n, n))

        def forward(self, x):
            B, T, C = x.shape
            q, k, v = self.qkv(self.ln1(x)).split(C, dim=2)
            q, k, v = (t.view(B, T, self.heads, C // self.heads).transpose(1, 2) for t in (q, k, v))
            y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
            x = x + self.proj(y.transpose(1, 2).contiguous().view(B, T, C))
            return x + self.mlp(self.ln2(x))

    class GPT(nn.Module):
        def __init__(self, vocab=11, n=16, block=8):
            super().__init__()
            self.transformer = nn.ModuleDict(
                {
                    "wte": nn.Embedding(vocab, n),
                    "wpe": nn.Embedding(block, n),
                    "h": nn.ModuleList([Block(n, 4) for _ in range(2)]),
                    "ln_f": nn.LayerNorm(n),
                }
            )
            self.lm_head = nn.Linear(n, vocab, bias=False)
            self.transformer.wte.weight = self.lm_head.weight
            self.apply(self.init)

        def init(self, m):
            if isinstance(m, (nn.Linear, nn.Embedding)):
                nn.init.normal_(m.weight, mean=0.0, std=0.02)
            if isinstance(m, nn.Linear) and m.bias is not None:
                nn.init.zeros_(m.bias)

        def forward(self, idx):
            x = self.transformer.wte(idx) + self.transformer.wpe(torch.arange(idx.size(1)))
            for block in self.transformer.h:
                x = block(x)
            return self.lm_head(self.transformer.ln_f(x))

    torch.manual_seed(9)
    model = GPT()
    print(sum(p.numel() for p in model.parameters()), len(model.state_dict()))
    idx = torch.randint(11, (3, 9))
    loss_of = lambda o, t: F.cross_entropy(o.view(-1, o.size(-1)), t.reshape(-1), ignore_index=-1)
    decay = [p for p in model.parameters() if p.dim() >= 2]
    rest = [p for p in model.parameters() if p.dim() < 2]
    groups = [{"params": decay, "weight_decay": 0.1}, {"params": rest, "weight_decay": 0.0}]
    make = lambda _: torch.optim.AdamW(groups, lr=1e-3, betas=(0.9, 0.95))
    train(torch, model, [(idx[:, :-1], idx[:, 1:])], loss_of, make)


def prog_transformer(torch):
    nn = torch.nn
    torch.manual_seed(10)
    model = nn.Transformer(8, 2, 1, 1, 16, dropout=0.0, batch_first=True)
    src, tgt = torch.randn(2, 5, 8), torch.randn(2, 4, 8)
    mask = nn.Transformer.generate_square_subsequent_mask(4)
    out = model(src, tgt, tgt_mask=mask)
    print(out)
    out.pow(2).mean().backward()
    for name, p in model.named_parameters():
        print(name, tuple(p.shape), f"{p.grad.abs().sum().item():.4f}")


def prog_encoder_padding(torch):
    nn = torch.nn
    torch.manual_seed(11)
    layer = nn.TransformerEncoderLayer(8, 2, 16, dropout=0.0, batch_first=True, norm_first=True, activation="gelu")
    encoder = nn.TransformerEncoder(layer, 2, norm=nn.LayerNorm(8), enable_nested_tensor=False)
    x = torch.randn(2, 4, 8)
    padding = torch.tensor([[False, False, True, True], [False, False, False, True]])
    out = encoder(x, src_key_padding_mask=padding)
    print(out[0, :2], out[1, :3])
    out[0, :2].sum().backward()
    print(f"{encoder.layers[0].self_attn.in_proj_weight.grad.abs().sum().item():.4f}")


def prog_resnet(torch):
    nn, F = torch.nn, torch.nn.functional

    class Block(nn.Module):
        def __init__(self, cin, cout, stride=1):
            super().__init__()
            self.conv1 = nn.Conv2d(cin, cout, 3, stride, 1, bias=False)
            self.bn1 = nn.BatchNorm2d(cout)
            self.conv2 = nn.Conv2d(cout, cout, 3, 1, 1, bias=False)
            self.bn2 = nn.BatchNorm2d(cout)
            self.shortcut = nn.Sequential()
            if stride != 1 or cin != cout:
                self.shortcut = nn.Sequential(nn.Conv2d(cin, cout, 1, stride, bias=False), nn.BatchNorm2d(cout))

        def forward(self, x):
            out = F.relu(self.bn1(self.conv1(x)))
            return F.relu(self.bn2(self.conv2(out)) + self.shortcut(x))

    torch.manual_seed(12)
    model = nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8), nn.ReLU(inplace=True),
        Block(8, 8), Block(8, 16, 2), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 5),
    )  # fmt: skip
    print(model)
    for m in model.modules():
        if isinstance(m, nn.Conv2d):
            nn.init.kaiming_normal_(m.weight, mode="fan_out", nonlinearity="relu")
    x, y = torch.randn(4, 3, 8, 8), torch.tensor([0, 1, 2, 4])
    train(torch, model, [(x, y)], nn.CrossEntropyLoss(), steps=4)
    model.eval()
    print(model(x[:1]))


def prog_unet(torch):
    nn, F = torch.nn, torch.nn.functional

    class UNet(nn.Module):
        def __init__(self):
            super().__init__()
            self.down = nn.Conv2d(1, 4, 3, padding=1)
            self.mid = nn.Conv2d(4, 8, 3, padding=1)
            self.up = nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True)
            self.out = nn.Conv2d(12, 1, 1)
            self.norm = nn.GroupNorm(2, 8)

        def forward(self, x):
            a = F.silu(self.down(x))
            b = F.silu(self.norm(self.mid(F.avg_pool2d(a, 2))))
            return self.out(torch.cat([a, self.up(b)], dim=1))

    torch.manual_seed(13)
    x = torch.randn(2, 1, 6, 6)
    y = (x > 0).float()
    train(torch, UNet(), [(x, y)], nn.BCEWithLogitsLoss(pos_weight=torch.tensor([2.0])), steps=4)


def prog_siamese(torch):
    nn, F = torch.nn, torch.nn.functional
    torch.manual_seed(14)
    net = nn.Sequential(nn.Linear(5, 8), nn.ELU(), nn.Linear(8, 3))
    optimizer = torch.optim.Adagrad(net.parameters(), lr=0.05)
    a, p, n = torch.randn(4, 5), torch.randn(4, 5), torch.randn(4, 5)
    for _ in range(4):
        optimizer.zero_grad()
        loss = F.triplet_margin_loss(net(a), net(p), net(n), margin=1.0)
        loss = loss + F.cosine_embedding_loss(net(a), net(p), torch.tensor([1, -1, 1, 1]))
        loss = loss + F.margin_ranking_loss(net(a)[:, 0], net(n)[:, 0], torch.ones(4), margin=0.2)
        loss.backward()
        optimizer.step()
        print(f"{loss.item():.5f}")


def prog_policy_gradient(torch):
    nn = torch.nn
    torch.manual_seed(15)
    policy = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 2), nn.Softmax(dim=-1))
    optimizer = torch.optim.Adam(policy.parameters(), lr=1e-2)
    states, actions = torch.randn(6, 4), torch.tensor([0, 1, 1, 0, 1, 0])
    returns = torch.tensor([1.0, 0.9, 0.8, 0.7, 0.6, 0.5])
    returns = (returns - returns.mean()) / (returns.std() + 1e-9)
    for _ in range(3):
        log_prob = policy(states).gather(1, actions[:, None]).squeeze(1).log()
        loss = -(log_prob * returns).sum()
        optimizer.zero_grad()
        loss.backward()
        total = nn.utils.clip_grad_norm_(policy.parameters(), 0.5)
        optimizer.step()
        print(f"{loss.item():.5f} {total.item():.5f}")


def prog_dqn(torch):
    nn, F = torch.nn, torch.nn.functional
    torch.manual_seed(16)
    online = nn.Sequential(nn.Linear(3, 6), nn.ReLU(), nn.Linear(6, 2))
    target = nn.Sequential(nn.Linear(3, 6), nn.ReLU(), nn.Linear(6, 2))
    print(target.load_state_dict(online.state_dict()))
    optimizer = torch.optim.AdamW(online.parameters(), lr=0.01, amsgrad=True)
    s, s2, a, r = torch.randn(5, 3), torch.randn(5, 3), torch.randint(2, (5, 1)), torch.randn(5)
    for _ in range(4):
        q = online(s).gather(1, a)
        with torch.no_grad():
            expected = r + 0.99 * target(s2).max(1).values
        loss = F.smooth_l1_loss(q, expected.unsqueeze(1))
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_value_(online.parameters(), 0.1)
        optimizer.step()
        for old, new in zip(target.parameters(), online.parameters()):
            old.data.copy_(0.9 * old.data + 0.1 * new.data)
        print(f"{loss.item():.5f}")
    print(target[0].weight)


def prog_word_embeddings(torch):
    nn, F = torch.nn, torch.nn.functional
    torch.manual_seed(17)
    bag = nn.EmbeddingBag(10, 4, mode="mean")
    head = nn.Linear(4, 2)
    text, offsets = torch.tensor([1, 2, 4, 5, 4, 3, 2, 9]), torch.tensor([0, 3, 5])
    y = torch.tensor([0, 1, 1])
    optimizer = torch.optim.SGD([*bag.parameters(), *head.parameters()], lr=0.5)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 2, gamma=0.1)
    for _ in range(5):
        optimizer.zero_grad()
        loss = F.cross_entropy(head(bag(text, offsets)), y)
        loss.backward()
        optimizer.step()
        scheduler.step()
        print(f"{loss.item():.5f} {scheduler.get_last_lr()}")


def prog_wgan_gp(torch):
    nn = torch.nn
    torch.manual_seed(18)
    critic = nn.Sequential(nn.Linear(2, 8), nn.Softplus(), nn.Linear(8, 1))
    real, fake = torch.randn(5, 2), torch.randn(5, 2) + 2
    optimizer = torch.optim.RMSprop(critic.parameters(), lr=0.01)
    for _ in range(3):
        mix = torch.rand(5, 1)
        x = (mix * real + (1 - mix) * fake).requires_grad_()
        (grad,) = torch.autograd.grad(critic(x).sum(), x, create_graph=True)
        penalty = ((grad.norm(2, dim=1) - 1) ** 2).mean()
        loss = critic(fake).mean() - critic(real).mean() + 10 * penalty
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        print(f"{loss.item():.5f} {penalty.item():.5f}")


def prog_neural_ode(torch):
    nn = torch.nn
    torch.manual_seed(19)

    class Field(nn.Module):
        def __init__(self):
            super().__init__()
            self.net = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 2))

        def forward(self, t, y):
            return self.net(y**3)

    field = Field()
    y0, y1 = torch.tensor([[2.0, 0.0]]), torch.tensor([[1.0, 0.5]])
    optimizer = torch.optim.RMSprop(field.parameters(), lr=1e-2)
    for _ in range(3):
        y, h = y0, 0.1
        for i in range(5):
            k1 = field(i * h, y)
            k2 = field(i * h + h / 2, y + h / 2 * k1)
            y = y + h * k2
        loss = (y - y1).abs().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        print(f"{loss.item():.5f}")


def prog_lbfgs_rosenbrock(torch):
    x = torch.nn.Parameter(torch.tensor([-1.5, 2.0], dtype=torch.float64))
    optimizer = torch.optim.LBFGS([x], lr=1, max_iter=10, line_search_fn="strong_wolfe")

    def closure():
        optimizer.zero_grad()
        loss = (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2
        loss.backward()
        return loss

    for _ in range(4):
        print(f"{optimizer.step(closure).item():.4f}")
    print(x)


def prog_matrix_factorisation(torch):
    nn = torch.nn

    class Factors(nn.Module):
        def __init__(self):
            super().__init__()
            self.user, self.item = nn.Embedding(4, 3), nn.Embedding(5, 3, padding_idx=0)
            self.bias = nn.Parameter(torch.zeros(1))

        def forward(self, pair):
            return (self.user(pair[:, 0]) * self.item(pair[:, 1])).sum(1) + self.bias

    torch.manual_seed(20)
    pairs = torch.tensor([[0, 1], [1, 2], [2, 0], [3, 4], [0, 4]])
    ratings = torch.tensor([5.0, 3.0, 1.0, 4.0, 2.0])
    model = Factors()
    train(torch, model, [(pairs, ratings)], nn.HuberLoss(delta=0.5), lambda p: torch.optim.NAdam(p, lr=0.05))
    print(model.item.weight[0])


def prog_accumulation_and_warmup(torch):
    nn = torch.nn
    torch.manual_seed(21)
    model = nn.Linear(3, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, nesterov=True, momentum=0.9, weight_decay=1e-2)
    warm = torch.optim.lr_scheduler.LinearLR(optimizer, start_factor=0.1, total_iters=3)
    cosine = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=5)
    scheduler = torch.optim.lr_scheduler.SequentialLR(optimizer, [warm, cosine], milestones=[3])
    x, y = torch.randn(8, 3), torch.randn(8, 1)
    for _ in range(6):
        optimizer.zero_grad()
        for part in range(2):
            (nn.functional.mse_loss(model(x[part::2]), y[part::2]) / 2).backward()
        optimizer.step()
        scheduler.step()
        print(f"{optimizer.param_groups[0]['lr']:.6f} {model.weight.data.sum().item():.5f}")


def prog_ema_and_checkpoint(torch):
    import copy

    nn = torch.nn
    torch.manual_seed(22)
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 1))
    ema = torch.optim.swa_utils.AveragedModel(model, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.9))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.05)
    x, y = torch.randn(8, 3), torch.randn(8, 1)

    def step():
        optimizer.zero_grad()
        loss = ((model(x) - y) ** 2).mean()
        loss.backward()
        optimizer.step()
        ema.update_parameters(model)
        return f"{loss.item():.5f}"

    print(step(), step())
    saved = copy.deepcopy((model.state_dict(), optimizer.state_dict()))
    first = [step() for _ in range(3)]
    model.load_state_dict(saved[0])
    optimizer.load_state_dict(saved[1])
    print(first, [step() for _ in range(3)])
    print(ema.module[2].bias, ema.n_averaged)


def prog_style_statistics(torch):
    nn, F = torch.nn, torch.nn.functional
    torch.manual_seed(23)
    features = nn.Sequential(
        nn.Conv2d(3, 4, 3, padding=1, padding_mode="reflect"), nn.InstanceNorm2d(4, affine=True), nn.PReLU()
    )
    for p in features.parameters():
        p.requires_grad_(False)
    image = torch.rand(1, 3, 6, 6, requires_grad=True)
    style = torch.rand(1, 3, 6, 6)

    def gram(x):
        f = features(x).flatten(2)
        return f @ f.transpose(1, 2) / f.numel()

    optimizer = torch.optim.Adam([image], lr=0.05)
    goal = gram(style)
    for _ in range(4):
        optimizer.zero_grad()
        loss = F.mse_loss(gram(image), goal) * 1e3
        loss = loss + 0.1 * (image[..., 1:] - image[..., :-1]).abs().mean()
        loss.backward()
        optimizer.step()
        image.data.clamp_(0, 1)
        print(f"{loss.item():.5f}")


def prog_ctc_speech(torch):
    nn, F = torch.nn, torch.nn.functional
    torch.manual_seed(24)
    net = nn.Conv1d(4, 6, 3, padding=1)
    x = torch.randn(2, 4, 9)
    targets, lengths = torch.tensor([[1, 2, 3], [4, 4, 0]]), torch.tensor([3, 2])
    optimizer = torch.optim.Rprop(net.parameters(), lr=0.01)
    for _ in range(3):
        optimizer.zero_grad()
        log_probs = F.log_softmax(net(x).permute(2, 0, 1), dim=2)
        loss = F.ctc_loss(log_probs, targets, torch.tensor([9, 8]), lengths, blank=0)
        loss.backward()
        optimizer.step()
        print(f"{loss.item():.5f}")


def prog_spatial_transformer(torch):
    nn, F = torch.nn, torch.nn.functional
    torch.manual_seed(25)
    x = torch.randn(2, 1, 5, 5)
    loc = nn.Linear(25, 6)
    nn.init.zeros_(loc.weight)
    loc.bias.data.copy_(torch.tensor([1, 0, 0.1, 0, 1, -0.1]))
    grid = F.affine_grid(loc(x.flatten(1)).view(-1, 2, 3), x.size(), align_corners=False)
    y = F.grid_sample(x, grid, align_corners=False)
    print(y)
    y.pow(2).sum().backward()
    print(loc.bias.grad)
