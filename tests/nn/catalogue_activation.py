"""Rows of modules/activation.py."""

from rows import row


def some(make):
    return [make(2, 3)]


ROWS = {
    "Threshold": [row(0.1, 5.0).on(some, says="Threshold(threshold=0.1, value=5.0)")],
    "ReLU": [row().on(some, says="ReLU()"), row().on(lambda make: [make()])],
    "RReLU": [row().on(some, random=True, says="RReLU(lower=0.125, upper=0.3333333333333333)")],
    "Hardtanh": [row().on(some, says="Hardtanh(min_val=-1.0, max_val=1.0)"), row(-0.5, 0.3).on(some)],
    "ReLU6": [row().on(lambda make: [make(2, 3, high=8)], says="ReLU6()")],
    "Sigmoid": [row().on(some)],
    "Hardsigmoid": [row().on(lambda make: [make(2, 3, low=-4, high=4)], says="Hardsigmoid()")],
    "Tanh": [row().on(some)],
    "SiLU": [row().on(some, says="SiLU()")],
    "Mish": [row().on(some, says="Mish()")],
    "Hardswish": [row().on(lambda make: [make(2, 3, low=-4, high=4)], says="Hardswish()")],
    "ELU": [row().on(some, says="ELU(alpha=1.0)"), row(0.5).on(some)],
    "CELU": [row().on(some, says="CELU(alpha=1.0)"), row(0.5).on(some)],
    "SELU": [row().on(some, says="SELU()")],
    "GLU": [row().on(lambda make: [make(2, 4)], says="GLU(dim=-1)"), row(0).on(lambda make: [make(2, 3)])],
    "GELU": [row().on(some, says="GELU(approximate='none')"), row("tanh").on(some)],
    "Hardshrink": [row(0.6).on(some, says="Hardshrink(0.6)")],
    "LeakyReLU": [row(0.2).on(some, says="LeakyReLU(negative_slope=0.2)")],
    "LogSigmoid": [row().on(some)],
    "Softplus": [row(2.0, 3.0).on(some, says="Softplus(beta=2.0, threshold=3.0)")],
    "Softshrink": [row(0.6).on(some, says="Softshrink(0.6)")],
    "PReLU": [
        row().on(some, says="PReLU(num_parameters=1)"),
        row(3, 0.5).on(some, wrong=lambda make: [make(2, 4)]),
    ],
    "Softsign": [row().on(some)],
    "Tanhshrink": [row().on(some)],
    "Softmin": [row(1).on(some, says="Softmin(dim=1)")],
    "Softmax": [row(dim=-1).on(some, says="Softmax(dim=-1)")],
    "Softmax2d": [row().on(lambda make: [make(2, 3, 2, 2)]), row().on(lambda make: [make(3, 2, 2)])],
    "LogSoftmax": [row(0).on(some, says="LogSoftmax(dim=0)")],
}
