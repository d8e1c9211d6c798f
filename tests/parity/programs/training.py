"""Small training runs, written by hand."""


def prog_linear_regression(torch):
    x = torch.linspace(-1, 1, 20).reshape(20, 1)
    y = 3 * x + 0.5
    w = torch.zeros(1, 1, requires_grad=True)
    b = torch.zeros(1, requires_grad=True)
    for _ in range(100):
        loss = ((x @ w + b - y) ** 2).mean()
        loss.backward()
        with torch.no_grad():
            w -= 0.5 * w.grad
            b -= 0.5 * b.grad
            w.grad.zero_()
            b.grad.zero_()
    print(f"{w.item():.3f} {b.item():.3f} {loss.item() < 1e-4}")


def prog_logistic_regression(torch):
    x = torch.tensor([[0.0, 1.0], [1.0, 0.0], [1.0, 2.0], [2.0, 1.0]])
    t = torch.tensor([0.0, 1.0, 0.0, 1.0])
    w = torch.zeros(2, requires_grad=True)
    for _ in range(50):
        p = torch.sigmoid(x @ w)
        loss = -(t * p.log() + (1 - t) * (1 - p).log()).mean()
        (g,) = torch.autograd.grad(loss, w)
        w = (w - g).detach().requires_grad_()
    print(w, loss)


def prog_mlp_xor(torch):
    x = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    t = torch.tensor([[0.0], [1.0], [1.0], [0.0]])
    w1 = torch.tensor([[1.0, -1.0, 0.5], [0.5, 1.0, -1.0]], requires_grad=True)
    b1 = torch.tensor([0.1, -0.1, 0.2], requires_grad=True)
    w2 = torch.tensor([[1.0], [-0.5], [0.75]], requires_grad=True)
    params = [w1, b1, w2]
    for _ in range(500):
        out = torch.tanh(x @ w1 + b1) @ w2
        loss = (out - t).pow(2).mean()
        for p in params:
            p.grad = None
        loss.backward()
        with torch.no_grad():
            for p in params:
                p.add_(p.grad, alpha=-0.3)
    print(f"{loss.item():.2f}", [f"{v:.1f}" for v in out.detach().flatten().tolist()])


def prog_softmax_classifier(torch):
    x = torch.arange(12.0).reshape(4, 3) / 10
    t = torch.tensor([0, 1, 2, 1])
    w = torch.zeros(3, 3, requires_grad=True)
    for _ in range(20):
        logp = torch.log_softmax(x @ w, dim=1)
        loss = -logp.gather(1, t[:, None]).mean()
        loss.backward()
        with torch.no_grad():
            w -= w.grad
            w.grad = None
    print(loss, w)


def prog_momentum(torch):
    p = torch.tensor([5.0, -3.0], requires_grad=True)
    v = torch.zeros(2)
    for _ in range(30):
        loss = (p * p * torch.tensor([1.0, 3.0])).sum()
        loss.backward()
        v = 0.9 * v + p.grad
        with torch.no_grad():
            p -= 0.02 * v
        p.grad.zero_()
    print(p)


def prog_adam_by_hand(torch):
    p = torch.tensor([1.0, 2.0], requires_grad=True)
    m, s = torch.zeros(2), torch.zeros(2)
    for t in range(1, 11):
        (p**2).sum().backward()
        with torch.no_grad():
            m.mul_(0.9).add_(p.grad, alpha=0.1)
            s.mul_(0.999).addcmul_(p.grad, p.grad, value=0.001)
            p.addcdiv_(m / (1 - 0.9**t), (s / (1 - 0.999**t)).sqrt() + 1e-8, value=-0.1)
        p.grad = None
    print(p)


def prog_rnn(torch):
    w = torch.tensor([[0.5, -0.2], [0.1, 0.3]], requires_grad=True)
    h = torch.ones(1, 2)
    for _ in range(10):
        h = torch.tanh(h @ w + 0.1)
    h.sum().backward()
    print(h, w.grad)


def prog_attention(torch):
    q = torch.arange(6.0).reshape(2, 3).div(10).requires_grad_()
    k = torch.arange(6.0, 12.0).reshape(2, 3).div(10).requires_grad_()
    v = torch.eye(2, 3, requires_grad=True)
    out = torch.softmax(q @ k.T / 3**0.5, -1) @ v
    (out * torch.arange(6.0).reshape(2, 3)).sum().backward()
    print(out, q.grad, k.grad, v.grad)


def prog_layer_norm_by_hand(torch):
    x = torch.tensor([[1.0, 2.0, 4.0], [0.0, -1.0, 3.0]], requires_grad=True)
    mu = x.mean(-1, keepdim=True)
    var = x.var(-1, keepdim=True, unbiased=False)
    y = (x - mu) / (var + 1e-5).sqrt()
    (y * torch.tensor([1.0, 2.0, 3.0])).sum().backward()
    print(y, x.grad)


def prog_gradient_clipping(torch):
    p = torch.tensor([3.0, 4.0], requires_grad=True)
    (p * torch.tensor([30.0, 40.0])).sum().backward()
    n = p.grad.norm()
    p.grad.mul_(1.0 / n.clamp(min=1.0))
    print(n, p.grad)


def prog_gradient_accumulation(torch):
    w = torch.ones(2, requires_grad=True)
    for i in range(4):
        (w * i).sum().div(4).backward()
    print(w.grad)


def prog_meta_learning(torch):
    w = torch.tensor(1.0, requires_grad=True)
    lr = torch.tensor(0.1, requires_grad=True)
    p = w
    for _ in range(3):
        loss = (p - 3) ** 2
        (g,) = torch.autograd.grad(loss, p, create_graph=True)
        p = p - lr * g
    ((p - 3) ** 2).backward()
    print(p, w.grad, lr.grad)
