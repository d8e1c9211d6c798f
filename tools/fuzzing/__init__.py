"""The parts of tools/fuzz: random calls of the bindings, each made from a seed, judged, replayed and reduced.

oddities      objects no caller should pass, and numbers at every limit
recipes       a call as a small tree, which can be built, printed as a program and cut down
operands      random recipes of tensors and of values for a parameter
surface       what there is to call
targets       calls by schema or signature
samples       calls after the catalogue's samples
graphs        nodes, backward passes, functions of one's own
calls         a seed becomes a call
checks        runs a call and says what is wrong with it
children      batches in child processes: crashes, hangs, replay, reduction
programs      random differentiable programs
gradients     their gradients against finite differences and PyTorch
histories     random programs of views and changes in place, on PyTorch and on Adjoint
differential  random valid calls on PyTorch and on Adjoint; deviations: what differs on purpose
"""
