"""Modules whose cost is known, for the tests of live models; recorded by `python live_cases.py`."""

import json
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional
from torch.nn.utils import parametrizations

from gradiometer.model import Example, count_network, describe_torch

DATA = Path(__file__).parent / "data" / "torch_costs.json"


class Tied(nn.Module):
    def __init__(self):
        super().__init__()
        self.token = nn.Embedding(1000, 64)
        self.mix = nn.Linear(64, 64)
        self.head = nn.Linear(64, 1000, bias=False)
        self.head.weight = self.token.weight

    def forward(self, x):
        return self.head(self.mix(self.token(x)))


class Loose(nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(10))
        self.layer = nn.Linear(10, 5)

    def forward(self, x):
        return self.layer(x * self.scale)


class Siamese(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Linear(10, 10)
        self.last = nn.Linear(10, 1)

    def forward(self, x):
        return self.last(self.net(x) - self.net(-x))


class Recurrent(nn.Module):
    def __init__(self, kind):
        super().__init__()
        self.layer = kind(64, 64)

    def forward(self, x):
        return self.layer(x)[0]


class Attends(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.MultiheadAttention(64, 4, batch_first=True)

    def forward(self, x):
        return self.layer(x, x, x)[0]


class Scaled(nn.Module):
    def __init__(self):
        super().__init__()
        self.qkv = nn.Linear(64, 192, bias=False)
        self.out = nn.Linear(64, 64, bias=False)

    def forward(self, x):
        heads = self.qkv(x).view(1, -1, 3, 4, 16).permute(2, 0, 3, 1, 4)
        mixed = functional.scaled_dot_product_attention(*heads)
        return self.out(mixed.transpose(1, 2).flatten(2))


class SharedRelu(nn.Module):
    def __init__(self):
        super().__init__()
        relu = nn.ReLU()
        self.layers = nn.ModuleList(nn.Linear(4, 4) for _ in range(6))
        self.relus = nn.ModuleList([relu] * 6)

    def forward(self, x):
        for layer, relu in zip(self.layers, self.relus, strict=True):
            x = relu(layer(x))
        return x


class Listed(nn.Module):
    def __init__(self):
        super().__init__()
        self.parts = nn.ParameterList(nn.Parameter(torch.ones(3, 3)) for _ in range(2))

    def forward(self, x):
        for part in self.parts:
            x = x @ part
        return x


class Buffered(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm = nn.BatchNorm1d(4)
        self.register_buffer("mask", torch.ones(4, 4), persistent=False)

    def forward(self, x):
        return self.norm(x) @ self.mask


class Bottleneck(nn.Module):
    def __init__(self, channels, width, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, width, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, stride, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, 4 * width, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(4 * width)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = None
        if stride > 1 or channels != 4 * width:
            shortcut = nn.Conv2d(channels, 4 * width, 1, stride, bias=False)
            self.downsample = nn.Sequential(shortcut, nn.BatchNorm2d(4 * width))

    def forward(self, x):
        short = x if self.downsample is None else self.downsample(x)
        x = self.relu(self.bn1(self.conv1(x)))
        x = self.relu(self.bn2(self.conv2(x)))
        return self.relu(self.bn3(self.conv3(x)) + short)


def make_resnet50():
    stem = [nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64), nn.ReLU(inplace=True)]
    layers, channels = [*stem, nn.MaxPool2d(3, 2, 1)], 64
    for stage, blocks in enumerate((3, 4, 6, 3)):
        width = 64 * 2**stage
        for block in range(blocks):
            layers.append(Bottleneck(channels, width, 2 if stage and not block else 1))
            channels = 4 * width
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(2048, 1000))


def make_frozen():
    model = Siamese()
    model.net.weight.requires_grad_(False)
    return model


def make_wrapped():
    return nn.DataParallel(Siamese())


def make_compiled():
    return torch.compile(Siamese(), backend="eager")


def make_exported():
    return torch.export.export(Siamese(), (torch.zeros(1, 10),))


def make_half():
    return nn.Linear(6, 2, dtype=torch.bfloat16)


# Name: what makes the model, and what it is called with.
CASES = {
    "tied": (Tied, Example((torch.zeros(1, 16, dtype=torch.long),))),
    "parameter": (Loose, Example(shape=(10,))),
    "siamese": (Siamese, Example(shape=(10,))),
    "frozen": (make_frozen, Example(shape=(10,))),
    "lstm": (lambda: Recurrent(nn.LSTM), Example((torch.zeros(100, 1, 64),))),
    "gru": (lambda: Recurrent(nn.GRU), Example((torch.zeros(100, 1, 64),))),
    "rnn": (lambda: Recurrent(nn.RNN), Example((torch.zeros(100, 1, 64),))),
    "attention": (Attends, Example(shape=(100, 64))),
    "sdpa": (Scaled, Example(shape=(100, 64))),
    "shared_relu": (SharedRelu, Example(shape=(4,))),
    "parameter_list": (Listed, Example(shape=(2, 3))),
    "weight_norm": (lambda: parametrizations.weight_norm(nn.Linear(3, 4)), Example(shape=(3,))),
    "buffers": (Buffered, Example(shape=(4,))),
    "transposed": (lambda: nn.ConvTranspose2d(3, 4, 3, stride=2), Example(shape=(3, 5, 5))),
    "grouped": (lambda: nn.Conv1d(6, 4, 3, groups=2), Example(shape=(6, 9))),
    "wrapped": (make_wrapped, Example(shape=(10,))),
    "compiled": (make_compiled, Example(shape=(10,))),
    "exported": (make_exported, None),
    "half": (make_half, Example(shape=(6,))),
    "resnet50": (make_resnet50, Example(shape=(3, 224, 224))),
}


def describe(name):
    make, example = CASES[name]
    return describe_torch(make(), example)


def to_record(live):
    """What is kept of a model: its rows and their totals."""
    count = count_network(live.rows)
    return {
        "counts": {
            name: getattr(count, name)
            for name in ("parameters", "frozen", "shared", "buffers", "multiply_adds")
        },
        "rows": [
            [
                row.path,
                row.kind,
                [
                    [t.name, list(t.shape), t.dtype, t.shared_with, t.frozen, t.is_stored, buffer]
                    for buffer, tensors in ((False, row.tensors), (True, row.buffers))
                    for t in tensors
                ],
                [[line.name, line.count, line.formula] for line in row.multiply_adds],
            ]
            for row in live.rows
        ],
    }


if __name__ == "__main__":
    record = {"torch": torch.__version__}
    record |= {"cases": {name: to_record(describe(name)) for name in CASES}}
    DATA.write_text(json.dumps(record, separators=(",", ":")) + "\n", encoding="utf-8")
