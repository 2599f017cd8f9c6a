"""Random networks, each as a text in our notation and as the same module of PyTorch."""

import math

import torch
from torch import nn
from torch.nn import functional

from agreement.memory_parts import Apply, block, chain, concat, fused, gated, recurrent, residual

MOST_NUMBERS = 6_000
"""Largest output of a layer."""
TRIES = 60

ACTIVATIONS = {
    "relu": nn.ReLU, "gelu": nn.GELU, "silu": nn.SiLU, "tanh": nn.Tanh, "sigmoid": nn.Sigmoid,
    "elu": nn.ELU, "hardswish": nn.Hardswish, "mish": nn.Mish, "leaky_relu": nn.LeakyReLU,
    "softplus": nn.Softplus, "selu": nn.SELU, "relu6": nn.ReLU6, "identity": nn.Identity,
}  # fmt: skip


def spell(value):
    """A value as our notation has it."""
    if isinstance(value, bool):
        return str(value).lower()
    return "x".join(map(str, value)) if isinstance(value, tuple) else str(value)


def call(word, *values, **settings):
    """The text of a layer."""
    named = [f"{name}={spell(value)}" for name, value in settings.items()]
    return f"{word}({', '.join([*map(spell, values), *named])})"


def of_rank(name, shape):
    """The class of torch for that many axes behind the channels."""
    return getattr(nn, f"{name}{len(shape) - 1}d")


class Twice(nn.Module):
    """One module, used twice."""

    def __init__(self, part):
        super().__init__()
        self.part = part

    def forward(self, x):
        return self.part(self.part(x))


class Places(nn.Module):
    """A vector for each place, added."""

    def __init__(self, count, width):
        super().__init__()
        self.table = nn.Embedding(count, width)

    def forward(self, x):
        return x + self.table(torch.arange(x.shape[1]))


class Generator:
    """Draws layers that fit a shape; what a choice cannot make raises and is drawn again."""

    def __init__(self, draw):
        self.draw = draw
        self.names = 0
        self.layers = {
            "image": [self.conv] * 4 + [self.conv_transpose, self.batch_norm, self.group_norm]
            + [self.pool] * 2 + [self.adaptive_pool, self.instance_norm, self.activation] * 2
            + [self.prelu, self.dropout, self.channel_dropout, self.upsample, self.flatten,
               self.tokens_of_image, self.layer_norm, self.global_pool],
            "sequence": [self.recurrent, self.attention, self.dense] * 2
            + [self.layer_norm, self.rms_norm, self.mlp, self.gated_mlp, self.block, self.position,
               self.activation, self.prelu, self.dropout, self.glu, self.last_step, self.mean],
            "vector": [self.dense, self.activation] * 3
            + [self.batch_norm, self.layer_norm, self.rms_norm, self.prelu, self.dropout, self.glu,
               self.mlp, self.gated_mlp],
        }  # fmt: skip

    def truth(self, share=0.5):
        return self.draw.random() < share

    def each(self, shape, low, high):
        """One number for all axes of space, or one each."""
        count = 1 if self.truth() else len(shape) - 1
        found = tuple(self.draw.randint(low, high) for _ in range(count))
        return found[0] if count == 1 else found

    def divisor(self, number):
        return self.draw.choice([k for k in range(1, number + 1) if number % k == 0])

    def chain(self, shape, kind, count, depth=0):
        """Layers one behind the other: text, module, shape and kind of what comes out."""
        texts, modules = [], []
        for _ in range(count):
            text, module, shape, kind = self.item(shape, kind, depth)
            texts.append(text)
            modules.append(module)
        return "; ".join(texts), chain(*modules), shape, kind

    def item(self, shape, kind, depth):
        """One layer, or branches of layers."""
        makers = [self.joined, self.again] if depth < 2 else []
        for _ in range(TRIES):
            if makers and self.truth(0.25):
                made = self.draw.choice(makers)(shape, kind, depth + 1)
            else:
                made = self.layer(shape, kind)
            if made is not None:
                return made
        return "identity", nn.Identity(), shape, kind

    def layer(self, shape, kind):
        """A layer with the shape that torch gives its output."""
        make = self.draw.choice(self.layers[kind])
        try:
            text, module = make(shape)
            with torch.no_grad():
                out = tuple(module.eval()(torch.zeros(2, *shape)).shape[1:])
        except (ValueError, RuntimeError, AssertionError, IndexError):
            return None
        if not 0 < math.prod(out) <= MOST_NUMBERS:
            return None
        if make in (self.flatten, self.global_pool, self.last_step, self.mean):
            kind = "vector"
        kind = "sequence" if make == self.tokens_of_image else kind
        if self.truth(0.1) and list(module.parameters()):
            module.requires_grad_(requires_grad=False)
            text = f"{text[:-1]}, frozen=true)" if text[-1] == ")" else f"{text}(frozen=true)"
        return text, module, out, kind

    def joined(self, shape, kind, depth):
        """Branches that are added or put side by side."""
        left, one, first, sort = self.chain(shape, kind, self.draw.randint(1, 2), depth)
        if first == shape and sort == kind:
            if left == "identity":
                return None
            return f"residual {{ {left} }}", residual(one), shape, kind
        right, two, second, other = self.chain(shape, kind, 1, depth)
        if sort != other or len(first) != len(second):
            return None
        axis = 0 if sort == "image" else len(first) - 1
        if first[:axis] + first[axis + 1 :] != second[:axis] + second[axis + 1 :]:
            return None
        out = (*first[:axis], first[axis] + second[axis], *first[axis + 1 :])
        text = f"concat(axis={axis}) {{ {left} | {right} }}"
        return text, concat(one, two, axis + 1), out, sort

    def again(self, shape, kind, depth):
        """One layer in two places."""
        text, module, out, sort = self.item(shape, kind, depth + 2)
        if out != shape or sort != kind or "dropout" in text:
            return None
        self.names += 1
        return f"again{self.names}: {text}; use(again{self.names})", Twice(module), shape, kind

    def conv(self, shape):
        groups = self.divisor(shape[0])
        out, kernel = groups * self.draw.randint(1, 4), self.each(shape, 1, 4)
        padding = self.draw.choice(["valid", "same", self.each(shape, 0, 2)])
        stride = 1 if padding == "same" else self.each(shape, 1, 3)
        own = {"stride": stride, "padding": padding, "dilation": self.each(shape, 1, 3)}
        own |= {"groups": groups, "bias": self.truth(0.7)}
        return call("conv", out, kernel, **own), of_rank("Conv", shape)(
            shape[0], out, kernel, **own
        )

    def conv_transpose(self, shape):
        groups = self.divisor(shape[0])
        out, kernel = groups * self.draw.randint(1, 3), self.each(shape, 1, 4)
        own = {"stride": self.each(shape, 1, 3), "padding": self.each(shape, 0, 1)}
        own |= {"output_padding": self.each(shape, 0, 1), "groups": groups}
        own |= {"bias": self.truth(0.7), "dilation": self.each(shape, 1, 2)}
        made = of_rank("ConvTranspose", shape)(shape[0], out, kernel, **own)
        return call("conv_transpose", out, kernel, **own), made

    def pool(self, shape):
        kernel, ceil = self.each(shape, 1, 4), self.truth()
        own = {"stride": self.each(shape, 1, 3), "padding": self.each(shape, 0, 2)}
        own["ceil_mode"] = ceil
        if self.truth():
            own["dilation"] = self.draw.choice([1, 1, 2])
            return call("max_pool", kernel, **own), of_rank("MaxPool", shape)(kernel, **own)
        return call("avg_pool", kernel, **own), of_rank("AvgPool", shape)(kernel, **own)

    def adaptive_pool(self, shape):
        word, size = self.draw.choice(["avg", "max"]), self.each(shape, 1, 3)
        made = of_rank(f"Adaptive{word.title()}Pool", shape)(size)
        return call(f"adaptive_{word}_pool", size), made

    def batch_norm(self, shape):
        affine, kept = self.truth(0.7), self.truth(0.7)
        kind = getattr(nn, f"BatchNorm{max(len(shape) - 1, 1)}d")
        made = kind(shape[0], affine=affine, track_running_stats=kept)
        return call("batch_norm", affine=affine, statistics=kept), made

    def instance_norm(self, shape):
        affine, kept = self.truth(), self.truth(0.3)
        made = of_rank("InstanceNorm", shape)(shape[0], affine=affine, track_running_stats=kept)
        return call("instance_norm", affine=affine, statistics=kept), made

    def group_norm(self, shape):
        groups, affine = self.divisor(shape[0]), self.truth(0.7)
        made = nn.GroupNorm(groups, shape[0], affine=affine)
        return call("group_norm", groups, affine=affine), made

    def layer_norm(self, shape):
        scale = self.truth(0.7)
        bias = scale and self.truth()
        made = nn.LayerNorm(shape[-1], elementwise_affine=scale, bias=bias)
        return call("layer_norm", scale=scale, bias=bias), made

    def rms_norm(self, shape):
        scale = self.truth(0.7)
        return call("rms_norm", scale=scale), nn.RMSNorm(shape[-1], elementwise_affine=scale)

    def activation(self, shape):
        name = self.draw.choice(list(ACTIVATIONS))
        return name, ACTIVATIONS[name]()

    def prelu(self, shape):
        count = shape[0] if len(shape) > 1 and self.truth() else 1
        return call("prelu", slopes=count), nn.PReLU(count)

    def dropout(self, shape):
        share = self.draw.choice([0.1, 0.5, 0])
        return call("dropout", share), nn.Dropout(share)

    def channel_dropout(self, shape):
        return call("channel_dropout", 0.3), of_rank("Dropout", shape)(0.3)

    def upsample(self, shape):
        return "upsample(2)", nn.Upsample(scale_factor=2)

    def flatten(self, shape):
        return "flatten", nn.Flatten()

    def global_pool(self, shape):
        axes = tuple(range(2, len(shape) + 1))
        return "global_avg_pool", Apply(lambda _, x: x.mean(dim=axes))

    def tokens_of_image(self, shape):
        return "tokens_of_image", Apply(lambda _, x: x.flatten(2).transpose(1, 2))

    def dense(self, shape):
        out, bias = self.draw.randint(1, 9), self.truth(0.7)
        return call("dense", out, bias=bias), nn.Linear(shape[-1], out, bias=bias)

    def glu(self, shape):
        return "glu", nn.GLU()

    def mlp(self, shape):
        width, hidden = shape[-1], self.draw.randint(2, 9)
        made = chain(nn.Linear(width, hidden), nn.GELU(), nn.Linear(hidden, width))
        return call("mlp", hidden), made

    def gated_mlp(self, shape):
        hidden = self.draw.randint(2, 9)
        return call("gated_mlp", hidden), gated(shape[-1], hidden)

    def recurrent(self, shape):
        name, hidden = self.draw.choice(["rnn", "lstm", "gru"]), self.draw.randint(2, 6)
        layers, both, bias = self.draw.randint(1, 3), self.truth(0.4), self.truth(0.7)
        more = {"projection": self.draw.randint(1, hidden - 1)} if name == "lstm" else {}
        kind = getattr(nn, name.upper())
        own = {"proj_size": more["projection"]} if more else {}
        made = recurrent(
            kind, shape[1], hidden, num_layers=layers, bidirectional=both, bias=bias, **own
        )
        return call(name, hidden, layers=layers, bidirectional=both, bias=bias, **more), made

    def attention(self, shape):
        heads = self.divisor(shape[1])
        shared, bias, causal = self.divisor(heads), self.truth(), self.truth()
        made = fused(shape[1], heads, kv_heads=shared, bias=bias, causal=causal)
        own = {"kv_heads": shared, "bias": bias, "causal": causal, "computed": "function"}
        return call("attention", heads, **own), made

    def block(self, shape):
        heads, causal = self.divisor(shape[1]), self.truth()
        return call("block", heads, causal=causal), block(shape[1], heads, causal=causal)

    def position(self, shape):
        count = shape[0] + self.draw.randint(0, 2)
        return call("position", count), Places(count, shape[1])

    def last_step(self, shape):
        return "last_step", Apply(lambda _, x: x[:, -1])

    def mean(self, shape):
        return "mean_over_time", Apply(lambda _, x: x.mean(1))


def count_products(model, x):
    """Multiply-adds by the shapes that pass: one for each weight and place, and for attention."""
    total = 0

    def add(module, given, out):
        nonlocal total
        size = given[0].numel()
        if isinstance(module, nn.Linear):
            total += size * module.out_features
        elif isinstance(module, nn.RNNBase):
            named = module.named_parameters()
            each = sum(p.numel() for name, p in named if name.startswith("weight"))
            total += each * given[0].shape[0] * given[0].shape[1]
        elif isinstance(module, nn.modules.conv._ConvTransposeNd):  # the class of all three ranks
            window = math.prod(module.kernel_size)
            total += size * module.out_channels * window // module.groups
        elif isinstance(module, nn.modules.conv._ConvNd):  # the class of all three ranks
            window = math.prod(module.kernel_size)
            total += out.numel() * module.in_channels * window // module.groups

    plain = functional.scaled_dot_product_attention

    def attend(q, k, v, **given):
        nonlocal total
        total += math.prod(q.shape[:3]) * k.shape[2] * (q.shape[3] + v.shape[3])
        return plain(q, k, v, **given)

    hooks = [module.register_forward_hook(add) for module in model.modules()]
    functional.scaled_dot_product_attention = attend
    try:
        with torch.no_grad():
            model(x)
    finally:
        functional.scaled_dot_product_attention = plain
        for hook in hooks:
            hook.remove()
    return total
