"""Every promised speed, measured beside PyTorch in one process: `python -m benchmarks --help`."""
