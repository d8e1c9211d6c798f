"""The graph behind a loss: as a picture, as a page to step through, and as an object to ask."""

import pathlib
import tempfile

import adjoint as torch
from adjoint.explain.graph import graph

input = torch.ones([2, 2])
w1 = torch.tensor(2.0, requires_grad=True)
w2 = torch.tensor(3.0, requires_grad=True)
w3 = torch.tensor(4.0, requires_grad=True)

l1 = input * w1
l2 = l1 + w2
l3 = l1 * w3
l4 = l2 * l3
loss = l4.mean()

drawing = graph(loss)  # computes the gradients on the side: w1.grad stays None
print(drawing)
node = drawing["w1"]
assert node.value is not None and node.gradient is not None
print("w1:", node.value.text, "gradient", node.gradient.text)

for edge in drawing["l1"].outputs:  # the two paths that end in w1
    print(f"l1 → {edge.target.label}: {edge.spelled}")

with tempfile.TemporaryDirectory() as folder:
    for name in ("article.svg", "article.html", "article.dot", "article.mmd", "article.json"):
        path = pathlib.Path(drawing.save(pathlib.Path(folder) / name))
        print(name, len(path.read_text(encoding="utf-8")), "characters")

# Dotted names give modules, and a module can be drawn as one node.
x = torch.linspace(-1, 1, 8).reshape(4, 2)
w = torch.full([3, 2], 0.5, requires_grad=True)
b = torch.zeros(3, requires_grad=True)
out = (x @ w.t() + b).tanh().sum()
layers = graph(out, names={"hidden.weight": w, "hidden.bias": b})
print(layers.modules, "→", layers.fold())
