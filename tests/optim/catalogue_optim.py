"""One row for each optimizer: options that its rule reads, and what three steps make of a parameter."""

# name → [(options, the parameter after three steps from START with GRADIENTS)]; PyTorch has the same numbers.
START = [1.0, -2.0, 0.5]
GRADIENTS = [[1.0, 2.0, -0.5], [-0.25, 1.0, 0.0], [0.5, -3.0, 1.0]]
MATRIX_START = [[1.0, -2.0], [0.5, 0.25], [0.0, 3.0]]
MATRIX_GRADIENTS = [[[1.0, 2.0], [-0.5, 1.0], [0.25, 3.0]], [[-0.25, 1.0], [0.0, 1.0], [2.0, 1.0]], [[0.5, -3.0], [1.0, 1.0], [0.5, 0.0]]]  # fmt: skip

OPTIONS = {
    "SGD": [
        {"lr": 0.1},
        {"lr": 0.1, "momentum": 0.9},
        {"lr": 0.1, "momentum": 0.9, "dampening": 0.5, "weight_decay": 0.1},
        {"lr": 0.1, "momentum": 0.9, "nesterov": True, "maximize": True},
    ],
    "Adam": [
        {},
        {"lr": 0.1, "betas": (0.3, 0.4), "eps": 1e-4},
        {"lr": 0.1, "amsgrad": True, "weight_decay": 0.1},
        {"lr": 0.1, "weight_decay": 0.1, "decoupled_weight_decay": True, "maximize": True},
    ],
    "AdamW": [{}, {"lr": 0.1, "weight_decay": 0.2, "amsgrad": True}],
    "Adamax": [{}, {"lr": 0.1, "betas": (0.5, 0.9), "weight_decay": 0.1, "maximize": True}],
    "NAdam": [
        {},
        {"lr": 0.1, "weight_decay": 0.1, "momentum_decay": 0.006},
        {"lr": 0.1, "weight_decay": 0.1, "decoupled_weight_decay": True, "maximize": True},
    ],
    "RAdam": [
        {},
        {"lr": 0.1, "weight_decay": 0.1, "betas": (0.9, 0.8)},
        {"lr": 0.1, "weight_decay": 0.1, "decoupled_weight_decay": True, "maximize": True},
    ],
    "Adagrad": [
        {},
        {"lr": 0.1, "lr_decay": 0.1, "weight_decay": 0.1, "initial_accumulator_value": 0.2, "maximize": True},
    ],
    "Adadelta": [{}, {"lr": 0.5, "rho": 0.8, "eps": 1e-3, "weight_decay": 0.1, "maximize": True}],
    "RMSprop": [
        {},
        {"lr": 0.1, "alpha": 0.8, "momentum": 0.9, "weight_decay": 0.1},
        {"lr": 0.1, "centered": True, "eps": 1e-3},
        {"lr": 0.1, "centered": True, "momentum": 0.5, "maximize": True},
    ],
    "Rprop": [{}, {"lr": 0.1, "etas": (0.3, 1.5), "step_sizes": (1e-3, 0.12), "maximize": True}],
    "ASGD": [{}, {"lr": 0.1, "lambd": 0.01, "alpha": 0.5, "t0": 1, "weight_decay": 0.1, "maximize": True}],
    "Adafactor": [{}, {"lr": 0.5, "d": 2.0, "weight_decay": 0.1, "eps": (1e-3, 1e-2), "maximize": True}],
    "Muon": [{}, {"lr": 0.1, "nesterov": False, "adjust_lr_fn": "match_rms_adamw", "weight_decay": 0.0}],
    "LBFGS": [],  # test_lbfgs.py
    "SparseAdam": [],  # test_optimizer.py
}
MATRICES = {"Adafactor", "Muon"}  # rules of whole matrices: they have no loop over elements
AFTER = {
    "SGD": [
        [0.875, -2.0, 0.45],
        [0.7265, -2.432, 0.5355],
        [0.68819975, -2.4001845, 0.563858625],
        [1.37115, -1.6112, 0.51805],
    ],
    "Adam": [
        [0.9979250578, -2.001850203, 0.5013300238],
        [0.8231694582, -2.118841971, 0.5590009901],
        [0.7766302443, -2.17348021, 0.6149248667],
        [1.175333756, -1.758499897, 0.3548071832],
    ],
    "AdamW": [
        [0.9978950828, -2.001790174, 0.5013149972],
        [0.7385967119, -2.061579924, 0.5982654175],
    ],
    "Adamax": [
        [0.9965127627, -2.003357078, 0.5025092023],
        [1.141446932, -1.856818007, 0.4053848644],
    ],
    "NAdam": [
        [0.997202876, -2.001459932, 0.5002786629],
        [0.8454180697, -2.061785022, 0.4963980351],
        [1.108245242, -1.870227662, 0.4733817671],
    ],
    "RAdam": [
        [0.9982575257, -2.003296562, 0.5005172849],
        [0.7972637405, -2.266980385, 0.5361080792],
        [1.142214321, -1.61639544, 0.4346528511],
    ],
    "Adagrad": [
        [0.9880609984, -2.006454299, 0.5010557281],
        [1.087844037, -1.921272279, 0.4839581661],
    ],
    "Adadelta": [
        [0.9958451728, -2.001248461, 0.4991872949],
        [1.038405936, -1.982277733, 0.5032878259],
    ],
    "RMSprop": [
        [0.8803796359, -2.064465139, 0.5103787448],
        [0.3483698101, -2.590098308, 0.8188385819],
        [-0.1916970076, -2.648844925, 0.5960612182],
        [2.83483207, -0.36591502, -0.3616660413],
    ],
    "Rprop": [
        [0.985, -2.022, 0.5],
        [1.13, -1.78, 0.5],
    ],
    "ASGD": [
        [0.9874970234, -1.999993987, 0.494998505],
        [1.090428672, -1.939976874, 0.5346821771],
    ],
    "Adafactor": [
        [0.9766481648, -2.002610684, 0.4948117228, 0.2064172683, -0.03453368798, 2.978711494],
        [2.14458361, -1.919688782, 1.197952676, 2.800227326, 2.054419845, 3.697958189],
    ],
    "Muon": [
        [0.9984060126, -1.999777858, 0.5008616839, 0.2484683601, -0.001727004609, 2.9977619],
        [0.9628133428, -2.016914559, 0.5413053523, 0.2065634133, -0.03369380087, 2.950406514],
    ],
}
