"""What can be wrong with a gradient, one kind of trouble a module: missing, zero, not finite, too large or small."""
