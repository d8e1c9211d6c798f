"""How a `Graph` is drawn and written down; nothing here knows tensors."""
