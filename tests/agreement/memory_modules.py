"""Networks as PyTorch has them, each beside its text in our notation."""

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402 - only where it is installed

from agreement.memory_parts import (  # noqa: E402 - it needs torch too
    Apply,
    Places,
    after_recurrent,
    basic,
    between,
    block,
    chain,
    concat,
    crossed,
    frozen,
    fused,
    gated,
    gpt2,
    module_attention,
    recurrent,
    residual,
    resnet50,
    shared,
    tied_frozen,
    vision,
    widths,
    written,
)

conv, linear = nn.Conv2d, nn.Linear
ACTIVATIONS = {
    "relu": nn.ReLU(), "leaky_relu": nn.LeakyReLU(), "prelu": nn.PReLU(),
    "prelu(slopes=6)": nn.PReLU(6), "elu": nn.ELU(), "celu": nn.CELU(), "selu": nn.SELU(),
    "gelu": nn.GELU(), "gelu_tanh": nn.GELU(approximate="tanh"), "silu": nn.SiLU(),
    "mish": nn.Mish(), "sigmoid": nn.Sigmoid(), "tanh": nn.Tanh(), "softplus": nn.Softplus(),
    "softsign": nn.Softsign(), "softshrink": nn.Softshrink(), "hardshrink": nn.Hardshrink(),
    "hardsigmoid": nn.Hardsigmoid(), "hardswish": nn.Hardswish(), "hardtanh": nn.Hardtanh(),
    "relu6": nn.ReLU6(), "logsigmoid": nn.LogSigmoid(), "tanhshrink": nn.Tanhshrink(),
    "threshold": nn.Threshold(0.5, 0.0), "rrelu": nn.RReLU(), "softmax": nn.Softmax(-1),
    "log_softmax": nn.LogSoftmax(-1), "softmin": nn.Softmin(-1), "identity": nn.Identity(),
    "exponential": Apply(lambda _, x: torch.exp(x)),
}  # fmt: skip
MODULES = {
    f"activation {name}": (f"8 -> dense(6); {name}; dense(3)", between(part))
    for name, part in ACTIVATIONS.items()
}
MODULES |= {
    "glu": ("8 -> dense(12); glu; dense(3)", chain(linear(8, 12), nn.GLU(), linear(6, 3))),
    "dense": ("8 -> dense(5)", linear(8, 5)),
    "dense without bias": ("8 -> dense(5, bias=false)", linear(8, 5, bias=False)),
    "dense over places": ("7x8 -> dense(5); dense(4)", chain(linear(8, 5), linear(5, 4))),
    "dropout": ("8 -> dense(6); dropout(0.1); dense(3)", between(nn.Dropout(0.1))),
    "dropout of nothing": ("8 -> dense(6); dropout(0); dense(3)", between(nn.Dropout(0.0))),
    "dropout of inputs": ("8 -> dropout(0.1); dense(3)", chain(nn.Dropout(0.1), linear(8, 3))),
    "dropout of channels": (
        "3x8x8 -> conv(4, 3); channel_dropout(0.1); conv(2, 3)",
        chain(conv(3, 4, 3), nn.Dropout2d(0.1), conv(4, 2, 3)),
    ),
    "conv": ("3x9x9 -> conv(4, 3)", conv(3, 4, 3)),
    "conv with all options": (
        "4x11x13 -> conv(6, 3x5, stride=2x1, padding=1x2, dilation=2x1, groups=2)",
        conv(4, 6, (3, 5), (2, 1), (1, 2), (2, 1), 2),
    ),
    "conv depthwise": (
        "4x9x9 -> conv(4, 3, groups=4, bias=false); conv(8, 1)",
        chain(conv(4, 4, 3, groups=4, bias=False), conv(4, 8, 1)),
    ),
    "conv of one axis": (
        "3x20 -> conv(4, 5, stride=2); conv(5, 3)",
        chain(nn.Conv1d(3, 4, 5, 2), nn.Conv1d(4, 5, 3)),
    ),
    "conv of three axes": ("2x5x6x7 -> conv(3, 3, padding=1)", nn.Conv3d(2, 3, 3, padding=1)),
    "conv transposed": (
        "3x5x5 -> conv_transpose(4, 4, stride=2, padding=1); conv(2, 3)",
        chain(nn.ConvTranspose2d(3, 4, 4, 2, 1), conv(4, 2, 3)),
    ),
    "batch norm": (
        "3x8x8 -> conv(5, 3); batch_norm; relu; conv(2, 3)",
        chain(conv(3, 5, 3), nn.BatchNorm2d(5), nn.ReLU(), conv(5, 2, 3)),
    ),
    "batch norm without parameters": (
        "3x8x8 -> conv(5, 3); batch_norm(affine=false, statistics=false); conv(2, 3)",
        chain(
            conv(3, 5, 3),
            nn.BatchNorm2d(5, affine=False, track_running_stats=False),
            conv(5, 2, 3),
        ),
    ),
    "group norm": (
        "3x8x8 -> conv(6, 3); group_norm(3); conv(2, 3)",
        chain(conv(3, 6, 3), nn.GroupNorm(3, 6), conv(6, 2, 3)),
    ),
    "instance norm": (
        "3x8x8 -> conv(6, 3); instance_norm; conv(2, 3)",
        chain(conv(3, 6, 3), nn.InstanceNorm2d(6), conv(6, 2, 3)),
    ),
    "instance norm with scales": (
        "3x8x8 -> conv(6, 3); instance_norm(affine=true); conv(2, 3)",
        chain(conv(3, 6, 3), nn.InstanceNorm2d(6, affine=True), conv(6, 2, 3)),
    ),
    "instance norm with statistics": (
        "3x8x8 -> conv(6, 3); instance_norm(statistics=true); conv(2, 3)",
        chain(conv(3, 6, 3), nn.InstanceNorm2d(6, track_running_stats=True), conv(6, 2, 3)),
    ),
    "layer norm": (
        "7x8 -> dense(6); layer_norm; dense(3)",
        between(nn.LayerNorm(6)),
    ),
    "layer norm without parameters": (
        "7x8 -> dense(6); layer_norm(scale=false, bias=false); dense(3)",
        between(nn.LayerNorm(6, elementwise_affine=False)),
    ),
    "rms norm": ("7x8 -> dense(6); rms_norm; dense(3)", between(nn.RMSNorm(6))),
    "rms norm without scale": (
        "7x8 -> dense(6); rms_norm(scale=false); dense(3)",
        between(nn.RMSNorm(6, elementwise_affine=False)),
    ),
    "max pool": (
        "3x12x12 -> conv(4, 3); relu; max_pool(2); conv(2, 3)",
        chain(conv(3, 4, 3), nn.ReLU(), nn.MaxPool2d(2), conv(4, 2, 3)),
    ),
    "max pool of one axis": (
        "3x12 -> conv(4, 3); max_pool(2); conv(2, 3)",
        chain(nn.Conv1d(3, 4, 3), nn.MaxPool1d(2), nn.Conv1d(4, 2, 3)),
    ),
    "average pool": (
        "3x12x12 -> conv(4, 3); avg_pool(2); conv(2, 3)",
        chain(conv(3, 4, 3), nn.AvgPool2d(2), conv(4, 2, 3)),
    ),
    "average pool of one axis": (
        "3x12 -> conv(4, 3); avg_pool(2); conv(2, 3)",
        chain(nn.Conv1d(3, 4, 3), nn.AvgPool1d(2), nn.Conv1d(4, 2, 3)),
    ),
    "adaptive pools": (
        "3x12x12 -> conv(4, 3); adaptive_avg_pool(6); conv(4, 3); adaptive_max_pool(2)",
        chain(
            conv(3, 4, 3), nn.AdaptiveAvgPool2d(6), conv(4, 4, 3), nn.AdaptiveMaxPool2d(2)
        ),
    ),
    "global average pool": (
        "3x8x8 -> conv(4, 3); relu; global_avg_pool; dense(2)",
        chain(conv(3, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), linear(4, 2)),
    ),
    "global max pool": (
        "3x8x8 -> conv(4, 3); relu; global_max_pool; dense(2)",
        chain(conv(3, 4, 3), nn.ReLU(), nn.AdaptiveMaxPool2d(1), nn.Flatten(), linear(4, 2)),
    ),
    "upsample": (
        "3x8x8 -> conv(4, 3); upsample(2); conv(2, 3)",
        chain(conv(3, 4, 3), nn.Upsample(scale_factor=2), conv(4, 2, 3)),
    ),
    "embedding": ("tokens(9) -> embedding(50, 6); dense(3)",
                  chain(nn.Embedding(50, 6), linear(6, 3))),
    "views": (
        "2x4x3 -> conv(4, 1); flatten; dense(12); relu; reshape(2x6); dense(5)",
        chain(conv(2, 4, 1), nn.Flatten(), linear(48, 12), nn.ReLU(), nn.Unflatten(1, (2, 6)),
              linear(6, 5)),
    ),
    "attention fused": ("10x16 -> attention(4)", fused(16, 4)),
    "attention fused with one projection": ("10x16 -> attention(4)", fused(16, 4, joint=True)),
    "attention fused and causal": ("10x16 -> attention(4, causal=true)",
                                   fused(16, 4, causal=True)),
    "attention with shared keys": ("10x16 -> attention(4, kv_heads=2)",
                                   fused(16, 4, kv_heads=2)),
    "attention written out": ("10x16 -> attention(4, computed=written)", written(16, 4)),
    "attention written out and causal": (
        "10x16 -> attention(4, causal=true, computed=written)", written(16, 4, causal=True)),
    "attention of the library": (
        "10x16 -> attention(4)", module_attention(16, 4, weights=False)),
    "attention of the library with its weights": (
        "10x16 -> attention(4, computed=weights)", module_attention(16, 4, weights=True)),
    "attention with norms": (
        "10x16 -> attention(4, qk_norm=true)", fused(16, 4, normed=True)),
    "attention with frozen norms": (
        "10x16 -> dense(16); attention(4, qk_norm=true, frozen=true)",
        chain(linear(16, 16), frozen(fused(16, 4, normed=True)))),
    "attention written out with shared keys": (
        "10x16 -> attention(4, kv_heads=2, computed=written)", written(16, 4, kv_heads=2)),
    "attention to another sequence": (
        "10x16 -> first: dense(12); dense(16); attention(4, from=first)", crossed(16, 12, 4)),
    "image as tokens": (
        "3x8x8 -> patches(6, 2); class_token; position(looked_up=false); block(2); layer_norm; "
        "first_token; dense(3)", vision(6, 2, 17)),
    "gpt2 with dropout": (
        "tokens(12) -> tokens: embedding(50, 16); position(20); dropout(0.1); "
        "block(2, causal=true, dropout=0.1)",
        chain(Places(50, 20, 16), nn.Dropout(0.1), block(16, 2, causal=True, drop=0.1))),
    "rnn": ("11x5 -> rnn(7)", recurrent(nn.RNN, 5, 7)),
    "rnn of two layers both ways": (
        "11x5 -> rnn(7, layers=2, bidirectional=true)",
        recurrent(nn.RNN, 5, 7, num_layers=2, bidirectional=True)),
    "frozen rnn": ("11x5 -> lstm(6); rnn(7, frozen=true)",
                   after_recurrent(nn.LSTM(5, 6), frozen(nn.RNN(6, 7)))),
    "frozen gru": ("11x5 -> lstm(6); gru(7, frozen=true)",
                   after_recurrent(nn.LSTM(5, 6), frozen(nn.GRU(6, 7)))),
    "frozen lstm": ("11x5 -> lstm(6); lstm(7, frozen=true)",
                   after_recurrent(nn.LSTM(5, 6), frozen(nn.LSTM(6, 7)))),
    "last step": ("11x5 -> gru(7, last=true); dense(3)",
                  Apply(lambda s, x: s.head(s.part(x.transpose(0, 1))[0][-1]),
                        part=nn.GRU(5, 7), head=linear(7, 3))),
    "gru": ("11x5 -> gru(7)", recurrent(nn.GRU, 5, 7)),
    "gru of two layers": ("11x5 -> gru(7, layers=2)", recurrent(nn.GRU, 5, 7, num_layers=2)),
    "gru both ways": ("11x5 -> gru(7, bidirectional=true)",
                      recurrent(nn.GRU, 5, 7, bidirectional=True)),
    "lstm": ("11x5 -> lstm(7)", recurrent(nn.LSTM, 5, 7)),
    "lstm of two layers": ("11x5 -> lstm(7, layers=2)",
                           recurrent(nn.LSTM, 5, 7, num_layers=2)),
    "lstm both ways": ("11x5 -> lstm(7, bidirectional=true)",
                       recurrent(nn.LSTM, 5, 7, bidirectional=True)),
    "lstm with a projection": ("11x5 -> lstm(7, projection=4)",
                               recurrent(nn.LSTM, 5, 7, proj_size=4)),
    "residual": ("8 -> dense(6); residual { dense(6); relu; dense(6) }; dense(3)",
                 between(residual(linear(6, 6), nn.ReLU(), linear(6, 6)))),
    "concat": ("3x8x8 -> concat { conv(4, 3, padding=1) | conv(2, 1); relu }; conv(2, 3)",
               chain(concat(conv(3, 4, 3, padding=1), chain(conv(3, 2, 1), nn.ReLU())),
                     conv(6, 2, 3))),
    "densely joined": (
        "3x8x8 -> conv(4, 3); concat { identity | batch_norm; relu; "
        "conv(2, 3, padding=1) }; conv(2, 1)",
        chain(conv(3, 4, 3),
              concat(nn.Identity(),
                     chain(nn.BatchNorm2d(4), nn.ReLU(), conv(4, 2, 3, padding=1))),
              conv(6, 2, 1))),
    "multiply": ("8 -> multiply { dense(6); sigmoid | dense(6) }; dense(3)",
                 Apply(lambda s, x: s.out(torch.sigmoid(s.gate(x)) * s.up(x)),
                       gate=linear(8, 6), up=linear(8, 6), out=linear(6, 3))),
    "shared layer": ("8 -> one: dense(8); relu; use(one)", shared(linear(8, 8), nn.ReLU())),
    "frozen dense": ("8 -> dense(8); relu; dense(8, frozen=true); relu; dense(2)",
                     chain(linear(8, 8), nn.ReLU(), frozen(linear(8, 8)), nn.ReLU(),
                           linear(8, 2))),
    "frozen start": (
        "3x8x8 -> conv(4, 3, frozen=true); batch_norm(frozen=true); relu; conv(2, 3)",
        chain(frozen(conv(3, 4, 3)), frozen(nn.BatchNorm2d(4)), nn.ReLU(), conv(4, 2, 3))),
    "frozen conv and norms": (
        "3x8x8 -> conv(4, 3); conv(4, 3, frozen=true); batch_norm(frozen=true); relu; conv(2, 3)",
        chain(conv(3, 4, 3), frozen(conv(4, 4, 3)), frozen(nn.BatchNorm2d(4)), nn.ReLU(),
              conv(4, 2, 3))),
    "frozen layer norm": ("7x8 -> dense(6); layer_norm(frozen=true); dense(3)",
                          between(frozen(nn.LayerNorm(6)))),
    "frozen rms norm": ("7x8 -> dense(6); rms_norm(frozen=true); dense(3)",
                        between(frozen(nn.RMSNorm(6)))),
    "frozen prelu": ("8 -> dense(6); prelu(frozen=true); dense(3)",
                     between(frozen(nn.PReLU()))),
    "frozen embedding": ("tokens(9) -> embedding(50, 6, frozen=true); dense(3)",
                         chain(frozen(nn.Embedding(50, 6)), linear(6, 3))),
    "frozen tensor tied later": (
        "8 -> first: dense(8, bias=false, frozen=true); dense(8); dense(8, tie=first.weight)",
        tied_frozen()),
    "mlp": ("7x8 -> mlp(20)", chain(linear(8, 20), nn.GELU(), linear(20, 8))),
    "gated mlp": ("7x8 -> gated_mlp(20)", gated(8, 20)),
    "transformer block": ("10x16 -> block(4)", block(16, 4)),
    "small resnet": (
        "3x16x16 -> conv(8, 3, padding=1, bias=false); batch_norm; relu; basic_block(8); "
        "basic_block(16, stride=2); global_avg_pool; dense(10)",
        chain(conv(3, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8), nn.ReLU(),
              basic(8, 8), basic(8, 16, 2), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
              linear(16, 10))),
    "lenet5": (
        "1x32x32 -> conv(6, 5); tanh; avg_pool(2); conv(16, 5); tanh; avg_pool(2); flatten; "
        "dense(120); tanh; dense(84); tanh; dense(10)",
        chain(conv(1, 6, 5), nn.Tanh(), nn.AvgPool2d(2), conv(6, 16, 5), nn.Tanh(),
              nn.AvgPool2d(2), nn.Flatten(), linear(400, 120), nn.Tanh(), linear(120, 84),
              nn.Tanh(), linear(84, 10))),
    "small gpt2": (
        "tokens(12) -> tokens: embedding(50, 16); position(20); "
        "repeat 2 { block(2, causal=true, activation=gelu_tanh) }; layer_norm; "
        "dense(50, bias=false, tie=tokens.weight)",
        gpt2(50, 20, 16, 2, 2)),
    "100-100-20-1": ("100-100-20-1", widths(100, 100, 20, 1)),
    "100-20-100-1": ("100-20-100-1", widths(100, 20, 100, 1)),
    "100-100-20-1 with relu": ("100 -> dense(100); relu; dense(20); relu; dense(1)",
                               widths(100, 100, 20, 1, act=nn.ReLU)),
}  # fmt: skip
MODULES["resnet50"] = ("resnet50", resnet50())
