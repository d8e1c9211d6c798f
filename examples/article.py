"""The article's worked example: six lines of arithmetic, and the chain rule checked by program."""

import adjoint as torch

input = torch.ones([2, 2], requires_grad=False)
w1 = torch.tensor(2.0, requires_grad=True)
w2 = torch.tensor(3.0, requires_grad=True)
w3 = torch.tensor(4.0, requires_grad=True)

l1 = input * w1
l2 = l1 + w2
l3 = l1 * w3
l4 = l2 * l3
loss = l4.mean()

print(w1.data, w1.grad, w1.grad_fn)
print(l1.data, l1.grad_fn)
print(loss.data, loss.grad_fn)

l1.register_hook(lambda grad: print("l1 grad: ", grad))
loss.backward()

print(w1.grad, w2.grad, w3.grad)
print(l1.requires_grad, l1.is_leaf, w1.is_leaf)
