"""How exact the pointwise functions are: tools/accuracy."""
