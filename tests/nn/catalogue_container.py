"""Rows of modules/container.py."""

from rows import built

ROWS = {
    "Sequential": [
        built(lambda nn: nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 2))).on(
            lambda make: [make(2, 3)],
            says="Sequential(\n  (0): Linear(in_features=3, out_features=4, bias=True)\n"
            "  (1): Linear(in_features=4, out_features=2, bias=True)\n)",
        ),
        built(lambda nn: nn.Sequential()).on(lambda make: [make(2)], gradient=False, says="Sequential()"),
    ],
    "ModuleList": [built(lambda nn: nn.ModuleList([nn.Identity(), nn.Linear(2, 2)]))],
    "ModuleDict": [built(lambda nn: nn.ModuleDict({"a": nn.Linear(2, 2), "b": nn.Identity()}))],
    "ParameterList": [built(lambda nn: nn.ParameterList([nn.init.ones_(nn.Parameter()), 3]))],
    "ParameterDict": [built(lambda nn: nn.ParameterDict({"a": nn.Parameter(), "b": "text"}))],
}
