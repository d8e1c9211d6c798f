"""Explanations that know modules: names and folding by path, and what `why` says of networks."""

import pytest
from support import torch

from adjoint.explain import explain, why
from adjoint.explain.graph import graph

nn = torch.nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 4))
        self.head = nn.Linear(4, 1)

    def forward(self, x):
        return self.head(self.encoder(x))


def trained(model, optimizer=None):
    loss = model(torch.ones(2, 3)).pow(2).mean()
    loss.backward(retain_graph=True)
    return loss


def told(d, kind, *words):
    assert d.kind == kind, str(d)
    for word in words:
        assert word in " ".join(d.sentences), str(d)
    assert d.remedy


def test_parameters_go_by_their_path():
    torch.manual_seed(0)
    net = Net()
    loss = trained(net)
    g = graph(loss)
    assert {n.label for n in g if n.kind == "leaf"} == {n for n, _ in net.named_parameters()}
    folded = g.fold()
    assert {n.label for n in folded if n.kind == "module"} == {"encoder", "head"}
    assert {n.label for n in g.fold("encoder.0") if n.kind == "module"} == {"encoder.0"}
    assert "encoder.2.weight" in str(explain(loss, net.encoder[2].weight))


def test_several_modules_are_told_apart_by_their_variables():
    G, D = nn.Linear(2, 3), nn.Linear(3, 1)
    loss = D(G(torch.ones(1, 2))).sum()
    assert {n.label for n in graph(loss) if n.kind == "leaf"} == {"G.weight", "G.bias", "D.weight", "D.bias"}


def test_a_part_held_beside_its_whole_goes_by_the_whole():
    net = Net()
    part = net.encoder  # noqa: F841
    loss = trained(net)
    assert "encoder.0.weight" in {n.label for n in graph(loss)}


def test_no_optimizer_holds_it():
    net = Net()
    optimizer = torch.optim.SGD(net.head.parameters(), lr=0.1)
    trained(net)
    told(why(net.encoder[0].weight), "no_optimizer", "encoder.0.weight", "optimizer holds 2 others")
    assert why(net.head.weight).kind == "healthy"
    net.head = nn.Linear(4, 1)
    trained(net)
    told(why(net.head.weight), "no_optimizer", "was replaced after the optimizer was made")
    assert optimizer.param_groups


@pytest.mark.filterwarnings("ignore")
def test_modules_in_a_plain_list():
    class Listed(nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = [nn.Linear(3, 3) for _ in range(2)]
            self.last = nn.Linear(3, 1)

        def forward(self, x):
            for layer in self.layers:
                x = layer(x)
            return self.last(x)

    net = Listed()
    trained(net)
    told(why(net.layers[0].weight), "plain_list", "2 Linear in the plain list `layers`", "net (Listed)")
    assert "nn.ModuleList" in why(net.layers[0].weight).remedy
    assert why(net.last.weight).kind == "healthy"


@pytest.mark.filterwarnings("ignore")
def test_a_layer_in_eval_mode():
    net = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Dropout(0.5), nn.Linear(4, 1))
    net[1].eval()
    loss = net(torch.randn(4, 3)).pow(2).mean()
    loss.backward()
    told(why(net[0].weight), "eval_mode", "1 (BatchNorm1d) is in eval mode")
    net.eval()
    told(why(net[0].weight), "eval_mode", "put into eval mode as a whole", "2 (Dropout)")
    net.train()
    assert why(net[0].weight).kind == "healthy"


def test_gradients_cleared_after_backward():
    net = Net()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    loss = net(torch.ones(2, 3)).pow(2).mean()
    loss.backward()
    optimizer.zero_grad()
    told(why(net.head.weight, loss), "grad_cleared", "None now", "zero_grad()")


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ["mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss"])
def test_a_loss_that_broadcasts(name):
    net = nn.Linear(3, 1)
    target = torch.randn(5)
    loss = getattr(nn.functional, name)(net(torch.randn(5, 3)), target)
    told(why(net.weight, loss), why(net.weight, loss).kind, "[5, 1] with [5]", "to [5, 5]")
    loss.backward(retain_graph=True)
    told(why(net.weight, loss), "broadcast_in_loss", "[5, 1] with [5]", "to [5, 5]")


def test_a_loss_written_by_hand_that_broadcasts():
    net = nn.Linear(3, 1)
    target = torch.randn(5)
    loss = ((net(torch.randn(5, 3)) - target) ** 2).mean()
    loss.backward(retain_graph=True)
    told(why(net.weight, loss), "broadcast_in_loss", "[5, 1] with [5]")


def test_no_false_alarm():
    net = Net()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    x, y = torch.randn(4, 3, requires_grad=True), torch.randn(4, 1)
    centre = torch.randn(1, requires_grad=True)
    loss = nn.functional.mse_loss(net(x - x.mean(0)), y) + ((x - centre) ** 2).mean()
    loss.backward(retain_graph=True)
    for t in (net.head.weight, net.encoder[0].bias, x):
        assert why(t, loss).kind == "healthy", str(why(t, loss))
    assert optimizer.param_groups
