"""Models of PyTorch with the text that describes each, for `record_counters.py`."""

import torch
from torch import nn


class Step(nn.Module):
    """A step that is a function, without a module of its own."""

    def __init__(self, run):
        super().__init__()
        self.run = run

    def forward(self, input):
        return self.run(input)


class Around(nn.Module):
    """Branches side by side, and what joins their outputs."""

    def __init__(self, join, *branches):
        super().__init__()
        self.branches = nn.ModuleList(branches)
        self.join = join

    def forward(self, input):
        return self.join([branch(input) for branch in self.branches])


def add(parts):
    return parts[0] + parts[1]


def concat(parts):
    return torch.cat(parts, 1)


def multiply(parts):
    return parts[0] * parts[1]


class Added(nn.Module):
    """A bare parameter, added."""

    def __init__(self, *shape):
        super().__init__()
        self.weight_of_its_own = nn.Parameter(torch.zeros(shape))

    def forward(self, input):
        return input + self.weight_of_its_own


class BareAndLinear(nn.Module):
    def __init__(self):
        super().__init__()
        self.p = nn.Parameter(torch.zeros(10))
        self.head = nn.Linear(10, 5)

    def forward(self, input):
        return self.head(input + self.p)


class First(nn.Module):
    """The output of a recurrent network without its state."""

    def __init__(self, inner):
        super().__init__()
        self.inner = inner

    def forward(self, input):
        return self.inner(input)[0]


class Own(nn.Module):
    """Attention as a module of PyTorch, without the weights as a second output."""

    def __init__(self, width, heads, **settings):
        super().__init__()
        self.attention = nn.MultiheadAttention(width, heads, batch_first=True, **settings)

    def forward(self, input):
        return self.attention(input, input, input, need_weights=False)[0]


class Written(nn.Module):
    """Attention as four linear layers and functions."""

    def __init__(self, width, heads, *, bias, fused, kv_heads=None):
        super().__init__()
        self.heads, self.kv_heads, self.size = heads, kv_heads or heads, width // heads
        self.fused = fused
        self.q = nn.Linear(width, width, bias=bias)
        self.k = nn.Linear(width, self.kv_heads * self.size, bias=bias)
        self.v = nn.Linear(width, self.kv_heads * self.size, bias=bias)
        self.out = nn.Linear(width, width, bias=bias)

    def forward(self, input):
        batch, length, width = input.shape
        heads = [
            x.view(batch, length, -1, self.size).transpose(1, 2)
            for x in (self.q(input), self.k(input), self.v(input))
        ]
        q, k, v = heads
        if self.fused:
            mixed = nn.functional.scaled_dot_product_attention(
                q, k, v, enable_gqa=self.kv_heads != self.heads
            )
        else:
            scores = torch.matmul(q, k.transpose(2, 3)) / self.size**0.5
            mixed = torch.matmul(nn.functional.softmax(scores, -1), v)
        return self.out(mixed.transpose(1, 2).reshape(batch, length, width))


class Tied(nn.Module):
    def __init__(self):
        super().__init__()
        self.tok = nn.Embedding(1000, 64)
        self.mid = nn.Linear(64, 64)
        self.head = nn.Linear(64, 1000, bias=False)
        self.head.weight = self.tok.weight

    def forward(self, input):
        return self.head(self.mid(self.tok(input)))


class TiedBehindBare(nn.Module):
    """Two equal linear layers that share a tensor, behind a bare parameter."""

    def __init__(self):
        super().__init__()
        self.p = nn.Parameter(torch.zeros(10))
        self.one = nn.Linear(10, 10)
        self.two = nn.Linear(10, 10)
        self.two.weight = self.one.weight

    def forward(self, input):
        return self.two(self.one(input + self.p))


class Siamese(nn.Module):
    def __init__(self):
        super().__init__()
        self.enc = nn.Linear(10, 10)
        self.head = nn.Linear(10, 1)

    def forward(self, input):
        return self.head(self.enc(input) + self.enc(input))


class SharedInStacks(nn.Sequential):
    """One activation that is registered in several stacks."""

    def __init__(self, stacks=3):
        act = nn.ReLU()
        super().__init__(
            *(nn.Sequential(nn.Linear(4, 4), act, nn.Linear(4, 4), act) for _ in range(stacks))
        )


class SharedLayer(nn.Module):
    """One linear layer that is registered in two stacks, behind a bare parameter."""

    def __init__(self):
        super().__init__()
        enc = nn.Linear(6, 6)
        self.p = nn.Parameter(torch.zeros(6))
        self.one = nn.Sequential(nn.Linear(6, 6), enc, nn.ReLU())
        self.two = nn.Sequential(enc, nn.Linear(6, 6))

    def forward(self, input):
        return self.two(self.one(input + self.p))


class SharedHere(nn.Module):
    """One activation of the whole, called in each block."""

    def __init__(self):
        super().__init__()
        self.one = nn.Linear(4, 4)
        self.act = nn.ReLU()
        self.two = nn.Linear(4, 4)

    def forward(self, input):
        return self.act(self.two(self.act(self.one(input))))


class UsedStack(nn.Module):
    """A stack of layers that is called twice."""

    def __init__(self):
        super().__init__()
        self.enc = nn.Sequential(nn.Linear(6, 6), nn.ReLU(), nn.Linear(6, 6))
        self.head = nn.Linear(6, 2)

    def forward(self, input):
        return self.head(self.enc(self.enc(input)))


class Positions(nn.Module):
    """Tokens with learned positions of which there is a table, or a bare parameter."""

    def __init__(self, *, table):
        super().__init__()
        self.tok = nn.Embedding(50, 8)
        self.pos = nn.Embedding(12, 8) if table else nn.Parameter(torch.zeros(12, 8))
        self.head = nn.Linear(8, 50, bias=False)

    def forward(self, input):
        places = torch.arange(input.shape[1])[None]
        table = isinstance(self.pos, nn.Embedding)
        return self.head(self.tok(input) + (self.pos(places) if table else self.pos[places[0]]))


def frozen(model, *names):
    for name, tensor in model.named_parameters():
        if any(name.startswith(known) for known in names):
            tensor.requires_grad_(False)
    return model


def vision(name):
    import torchvision

    return getattr(torchvision.models, name)()


def se(channels):
    gate = nn.Sequential(
        nn.AdaptiveAvgPool2d(1),
        nn.Conv2d(channels, 2, 1),
        nn.ReLU(),
        nn.Conv2d(2, channels, 1),
        nn.Sigmoid(),
    )
    return Around(multiply, nn.Identity(), gate)


S, L, C = nn.Sequential, nn.Linear, nn.Conv2d
ACTIVATIONS = (
    "relu:ReLU relu6:ReLU6 leaky_relu:LeakyReLU elu:ELU celu:CELU selu:SELU gelu:GELU silu:SiLU "
    "mish:Mish softplus:Softplus softsign:Softsign tanh:Tanh sigmoid:Sigmoid "
    "hardsigmoid:Hardsigmoid hardswish:Hardswish hardtanh:Hardtanh hardshrink:Hardshrink "
    "softshrink:Softshrink tanhshrink:Tanhshrink logsigmoid:LogSigmoid identity:Identity"
)
PATCHES = [Step(lambda x: x.flatten(2).transpose(1, 2)), Step(lambda x: x[:, 0])]

CASES = {
    "tied": ("tokens(16); tok: embedding(1000, 64); dense(64); "
             "dense(1000, bias=false, tie=tok.weight)", Tied, "tokens(16)"),
    "bare parameter": ("10; parameter(10); dense(5)", BareAndLinear, "10"),
    "siamese": ("10; add { enc: dense(10) | use(enc) }; dense(1)", Siamese, "10"),
    "lstm": ("100x64; lstm(64)", lambda: First(nn.LSTM(64, 64, batch_first=True)), "100x64"),
    "attention module": ("100x64; attention(4)", lambda: Own(64, 4), "100x64"),
    "attention function": ("100x64; attention(4, bias=false, computed=function)",
                           lambda: Written(64, 4, bias=False, fused=True), "100x64"),
    "shared activation": (
        "4; layers: repeat 3 as i { dense(4); act: relu(if=i = 0); "
        "act: use(layers.0.act, if=i > 0);"
        " dense(4); use(act) }", SharedInStacks, "4"),
    "one weight frozen": ("10; dense(10, frozen=weight); dense(1)",
                          lambda: frozen(S(L(10, 10), L(10, 1)), "0.weight"), "10"),
    "resnet50": ("resnet50", lambda: vision("resnet50"), "3x224x224"),
    "vit_b_16": ("vit_b_16", lambda: vision("vit_b_16"), "3x224x224"),
    "shared layer": (
        "6; parameter(6); one: repeat 1 { dense(6); enc: dense(6); relu }; "
        "two: repeat 1 { enc: use(one.0.enc); dense(6) }", SharedLayer, "6"),
    # Networks held out from the list above.
    "one layer frozen": ("10; dense(10, frozen=true); dense(1)",
                         lambda: frozen(S(L(10, 10), L(10, 1)), "0"), "10"),
    "activation called twice": ("4; dense(4); act: relu; dense(4); use(act)", SharedHere, "4"),
    "stack called twice": ("6; enc: repeat 1 { dense(6); relu; dense(6) }; use(enc); dense(2)",
                           UsedStack, "6"),
    "tied and bare": ("10; parameter(10); one: dense(10); dense(10, tie=one.weight)",
                      TiedBehindBare, "10"),
    "dense of tokens": ("7x10; dense(3); dense(4, bias=false)",
                        lambda: S(L(10, 3), L(3, 4, bias=False)), "7x10"),
    "convolutions": (
        "4x12x10; conv(8, 3, groups=2, padding=1); conv(6, 3x1, stride=2, bias=false); "
        "conv(4, 3, dilation=2, padding=2)",
        lambda: S(C(4, 8, 3, groups=2, padding=1), C(8, 6, (3, 1), stride=2, bias=False),
                  C(6, 4, 3, dilation=2, padding=2)), "4x12x10"),
    "one axis": ("3x20; conv(6, 5, padding=2); batch_norm; relu; avg_pool(2); max_pool(2)",
                 lambda: S(nn.Conv1d(3, 6, 5, padding=2), nn.BatchNorm1d(6), nn.ReLU(),
                           nn.AvgPool1d(2), nn.MaxPool1d(2)), "3x20"),
    "three axes": ("2x6x8x8; conv(4, 3); batch_norm(affine=false); max_pool(2); avg_pool(1x3x3)",
                   lambda: S(nn.Conv3d(2, 4, 3), nn.BatchNorm3d(4, affine=False), nn.MaxPool3d(2),
                             nn.AvgPool3d((1, 3, 3))), "2x6x8x8"),
    "transposed": ("6x5x4; conv_transpose(9, 3, stride=2); "
                   "conv_transpose(3, 2, groups=3, bias=false)",
                   lambda: S(nn.ConvTranspose2d(6, 9, 3, stride=2),
                             nn.ConvTranspose2d(9, 3, 2, groups=3, bias=False)), "6x5x4"),
    "transposed groups": ("8x5; conv_transpose(16, 4, groups=4)",
                          lambda: nn.Sequential(nn.ConvTranspose1d(8, 16, 4, groups=4)), "8x5"),
    "norms": ("6x8x8; batch_norm; group_norm(3); instance_norm; instance_norm(affine=true); "
              "layer_norm; layer_norm(bias=false); layer_norm(scale=false, bias=false); rms_norm",
              lambda: S(nn.BatchNorm2d(6), nn.GroupNorm(3, 6), nn.InstanceNorm2d(6),
                        nn.InstanceNorm2d(6, affine=True), nn.LayerNorm(8),
                        nn.LayerNorm(8, bias=False), nn.LayerNorm(8, elementwise_affine=False),
                        nn.RMSNorm(8)), "6x8x8"),
    "group norm without scale": ("6x4x4; group_norm(2, affine=false); batch_norm(statistics=false)",
                                 lambda: S(nn.GroupNorm(2, 6, affine=False),
                                           nn.BatchNorm2d(6, track_running_stats=False)), "6x4x4"),
    "batch norm of features": ("9; dense(6); batch_norm; relu; dense(2)",
                               lambda: S(L(9, 6), nn.BatchNorm1d(6), nn.ReLU(), L(6, 2)), "9"),
    "pools": ("3x12x12; max_pool(3, stride=2); avg_pool(2, stride=1, padding=1); "
              "adaptive_max_pool(4); "
              "adaptive_avg_pool(2); global_avg_pool; dense(2)",
              lambda: S(nn.MaxPool2d(3, stride=2), nn.AvgPool2d(2, stride=1, padding=1),
                        nn.AdaptiveMaxPool2d(4), nn.AdaptiveAvgPool2d(2), nn.AdaptiveAvgPool2d(1),
                        nn.Flatten(), L(3, 2)), "3x12x12"),
    "pools of one axis": ("3x12; adaptive_avg_pool(6); adaptive_max_pool(3); "
                          "global_avg_pool; dense(2)",
                          lambda: S(nn.AdaptiveAvgPool1d(6), nn.AdaptiveMaxPool1d(3),
                                    nn.AdaptiveAvgPool1d(1), nn.Flatten(), L(3, 2)), "3x12"),
    "pools of three axes": ("3x4x4x4; adaptive_avg_pool(2); adaptive_max_pool(2); "
                            "global_avg_pool; dense(2)",
                            lambda: S(nn.AdaptiveAvgPool3d(2), nn.AdaptiveMaxPool3d(2),
                                      nn.AdaptiveAvgPool3d(1), nn.Flatten(), L(3, 2)), "3x4x4x4"),
    "global max": ("5x6x7; global_max_pool; dense(3)",
                   lambda: S(nn.AdaptiveMaxPool2d(1), nn.Flatten(), L(5, 3)), "5x6x7"),
    "gru": ("12x5; gru(7)", lambda: First(nn.GRU(5, 7, batch_first=True)), "12x5"),
    "gru of two layers both ways": (
        "12x5; gru(7, layers=2, bidirectional=true)",
        lambda: First(nn.GRU(5, 7, num_layers=2, bidirectional=True, batch_first=True)), "12x5"),
    "lstm of two layers both ways": (
        "9x4; lstm(6, layers=2, bidirectional=true)",
        lambda: First(nn.LSTM(4, 6, num_layers=2, bidirectional=True, batch_first=True)), "9x4"),
    "lstm without biases": ("9x4; lstm(6, bias=false)",
                            lambda: First(nn.LSTM(4, 6, bias=False, batch_first=True)), "9x4"),
    "rnn": ("12x5; rnn(7, layers=2)",
            lambda: First(nn.RNN(5, 7, num_layers=2, batch_first=True)), "12x5"),
    "gru and a head": ("12x5; gru(7, last=true); dense(3)",
                       lambda: S(First(nn.GRU(5, 7, batch_first=True)),
                                 Step(lambda x: x[:, -1]), L(7, 3)), "12x5"),
    "embedding": ("tokens(12); embedding(50, 8); dense(3)",
                  lambda: S(nn.Embedding(50, 8), L(8, 3)), "tokens(12)"),
    "positions as a table": ("tokens(12); embedding(50, 8); position(table=true); "
                             "dense(50, bias=false)",
                             lambda: Positions(table=True), "tokens(12)"),
    "positions as a parameter": ("tokens(12); embedding(50, 8); position; dense(50, bias=false)",
                                 lambda: Positions(table=False), "tokens(12)"),
    "residual": ("6x8x8; residual { conv(6, 3, padding=1); batch_norm; relu }; "
                 "global_avg_pool; dense(4)",
                 lambda: S(Around(add, nn.Identity(), S(C(6, 6, 3, padding=1), nn.BatchNorm2d(6),
                                                        nn.ReLU())),
                           nn.AdaptiveAvgPool2d(1), nn.Flatten(), L(6, 4)), "6x8x8"),
    "dense connections": ("6x8x8; concat { identity | conv(4, 3, padding=1) }; dropout; conv(2, 1)",
                          lambda: S(Around(concat, nn.Identity(), C(6, 4, 3, padding=1)),
                                    nn.Dropout(), C(10, 2, 1)), "6x8x8"),
    "squeeze and excite": ("8x6x6; squeeze_excite(2); conv(3, 1)", lambda: S(se(8), C(8, 3, 1)),
                           "8x6x6"),
    "prelu and softmax": ("5x4; dense(6); prelu; prelu(5); softmax; dropout",
                          lambda: S(L(4, 6), nn.PReLU(), nn.Identity(), nn.PReLU(5), nn.Softmax(-1),
                                    nn.Dropout()), "5x4"),
    "upsample": ("3x4x4; upsample(2); conv(2, 3)",
                 lambda: S(nn.Upsample(scale_factor=2), C(3, 2, 3)), "3x4x4"),
    "attention without biases": ("10x8; attention(2, bias=false)",
                                 lambda: Own(8, 2, bias=False), "10x8"),
    "attention of products": ("10x8; attention(2, computed=written)",
                              lambda: Written(8, 2, bias=True, fused=False), "10x8"),
    "attention of grouped queries": (
        "10x12; attention(6, kv_heads=2, bias=false)",
        lambda: Written(12, 6, bias=False, fused=True, kv_heads=2), "10x12"),
    "mixture of dense": ("6; multiply { dense(8, bias=false); "
                         "silu | dense(8, bias=false) }; dense(6)",
                         lambda: S(Around(multiply, S(L(6, 8, bias=False), nn.SiLU()),
                                          L(6, 8, bias=False)), L(8, 6)), "6"),
    "resnet18": ("resnet18", lambda: vision("resnet18"), "3x224x224"),
    "vgg11": ("vgg11", lambda: vision("vgg11"), "3x224x224"),
    "alexnet": ("alexnet", lambda: vision("alexnet"), "3x224x224"),
    **{
        f"activation {ours}": (f"3x5; {ours}; dense(2)",
                               lambda theirs=theirs: S(getattr(nn, theirs)(), L(5, 2)), "3x5")
        for ours, theirs in (pair.split(":") for pair in ACTIVATIONS.split())
    },
}  # fmt: skip
