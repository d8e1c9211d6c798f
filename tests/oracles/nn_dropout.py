"""Oracles of dropout (core/ops/nn/dropout.cpp) where nothing is left to chance."""

from __future__ import annotations

import numpy as np

from .rules import BOOL, SAME, Oracle


def _kept(x, p=0.5, training=True, inplace=False):
    return x * 0 if training and p == 1 else x


def _native(x, p, train):
    drops = train in (True, None) and p == 1
    return x * 0 if drops else x, np.full(x.shape, not drops)


ORACLE = {
    name: Oracle(_kept, signed=False)
    for name in (
        "dropout alpha_dropout feature_dropout feature_alpha_dropout nn.functional.dropout nn.functional.alpha_dropout "
        "nn.functional.feature_alpha_dropout nn.functional.dropout1d nn.functional.dropout2d nn.functional.dropout3d"
    ).split()
} | {"native_dropout": Oracle(_native, SAME, BOOL, signed=False)}
PARTLY = {"bi": ["native_dropout"]}
