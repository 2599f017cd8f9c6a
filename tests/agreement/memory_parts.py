"""The parts of PyTorch networks whose memory is recorded."""

import math
from itertools import pairwise

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402 - only where it is installed
from torch.nn import functional  # noqa: E402 - only where it is installed


class Apply(nn.Module):
    """A function as a module, with the modules whose parameters it reads."""

    def __init__(self, function, **parts):
        super().__init__()
        self.function = function
        for name, part in parts.items():
            setattr(self, name, part)

    def forward(self, x):
        return self.function(self, x)


def chain(*parts):
    return nn.Sequential(*parts)


def residual(*parts):
    return Apply(lambda self, x: x + self.body(x), body=chain(*parts))


def concat(left, right, axis=1):
    join = lambda self, x: torch.cat([self.left(x), self.right(x)], dim=axis)  # noqa: E731 - a forward
    return Apply(join, left=left, right=right)


def between(part, width=8):
    """A layer in whose way back something is learned before it."""
    return chain(nn.Linear(width, 6), part, nn.Linear(6, 3))


def written(width, heads, *, causal=False, kv_heads=None):
    """Attention as sums and products, as in the first lesson about it."""

    def forward(self, x):
        many, length, _ = x.shape
        parts = (self.query(x), self.key(x), self.value(x))
        q, k, v = (p.view(many, length, -1, width // heads).transpose(1, 2) for p in parts)
        if kv_heads:
            k, v = (p.repeat_interleave(heads // kv_heads, dim=1) for p in (k, v))
        scores = q @ k.transpose(-2, -1) / math.sqrt(width // heads)
        if causal:
            scores = scores.masked_fill(self.mask[:length, :length] == 0, float("-inf"))
        y = functional.softmax(scores, dim=-1) @ v
        return self.out(y.transpose(1, 2).contiguous().view(many, length, width))

    names = ("query", "key", "value", "out")
    sizes = [width, *[(kv_heads or heads) * width // heads] * 2, width]
    parts = {name: nn.Linear(width, size) for name, size in zip(names, sizes, strict=True)}
    made = Apply(forward, **parts)
    made.register_buffer("mask", torch.tril(torch.ones(64, 64)))
    return made


def fused(width, heads, *, kv_heads=None, causal=False, bias=True, joint=False, normed=False):
    """Attention by the fused function, with separate projections or one for all three."""
    size, shared = width // heads, kv_heads or heads

    def forward(self, x):
        many, length, _ = x.shape
        if joint:
            parts = self.joint(x).split(width, dim=2)
        else:
            parts = (self.query(x), self.key(x), self.value(x))
        q, k, v = (
            p.view(many, length, n, size)
            for p, n in zip(parts, (heads, shared, shared), strict=True)
        )
        if normed:
            q, k = self.query_norm(q), self.key_norm(k)
        q, k, v = (p.transpose(1, 2) for p in (q, k, v))
        y = functional.scaled_dot_product_attention(
            q, k, v, is_causal=causal, enable_gqa=shared != heads
        )
        return self.out(y.transpose(1, 2).reshape(many, length, width))

    if joint:
        return Apply(
            forward,
            joint=nn.Linear(width, 3 * width, bias=bias),
            out=nn.Linear(width, width, bias=bias),
        )
    sizes = {"query": heads, "key": shared, "value": shared}
    return Apply(
        forward,
        **{n: nn.Linear(width, count * size, bias=bias) for n, count in sizes.items()},
        **({f"{n}_norm": nn.RMSNorm(size) for n in ("query", "key")} if normed else {}),
        out=nn.Linear(width, width, bias=bias),
    )


def module_attention(width, heads, *, weights):
    made = nn.MultiheadAttention(width, heads, batch_first=True)
    return Apply(lambda self, x: self.part(x, x, x, need_weights=weights)[0], part=made)


def recurrent(kind, *sizes, **options):
    # Time before the examples, as the library has it unless it is told otherwise.
    read = lambda self, x: self.part(x.transpose(0, 1))[0].transpose(0, 1)  # noqa: E731 - a forward
    return Apply(read, part=kind(*sizes, **options))


def after_recurrent(first, second):
    read = lambda self, x: self.second(self.first(x.transpose(0, 1))[0])[0]  # noqa: E731 - a forward
    return Apply(read, first=first, second=second)


def crossed(width, source, heads):
    """Attention whose keys and values are made of an earlier sequence."""
    size = width // heads

    def forward(self, x):
        many, length, _ = x.shape
        memory = self.first(x)
        y = self.second(memory)
        q, k, v = (
            p.view(many, length, heads, size).transpose(1, 2)
            for p in (self.query(y), self.key(memory), self.value(memory))
        )
        found = functional.scaled_dot_product_attention(q, k, v)
        return self.out(found.transpose(1, 2).reshape(many, length, width))

    return Apply(
        forward,
        first=nn.Linear(width, source),
        second=nn.Linear(source, width),
        query=nn.Linear(width, width),
        key=nn.Linear(source, width),
        value=nn.Linear(source, width),
        out=nn.Linear(width, width),
    )


def vision(width, heads, places):
    def forward(self, x):
        tokens = self.patches(x).flatten(2).transpose(1, 2)
        start = self.start.expand(x.shape[0], -1, -1)
        tokens = torch.cat([start, tokens], dim=1) + self.places
        return self.head(self.norm(self.block(tokens))[:, 0])

    return Apply(
        forward,
        patches=nn.Conv2d(3, width, 2, 2),
        start=nn.Parameter(torch.zeros(1, 1, width)),
        places=nn.Parameter(torch.zeros(1, places, width)),
        block=block(width, heads),
        norm=nn.LayerNorm(width),
        head=nn.Linear(width, 3),
    )


class Places(nn.Module):
    """Vectors of tokens and of their places, added."""

    def __init__(self, vocabulary, places, width):
        super().__init__()
        self.tokens = nn.Embedding(vocabulary, width)
        self.places = nn.Embedding(places, width)

    def forward(self, x):
        return self.tokens(x) + self.places(torch.arange(x.shape[1]))


def gated(width, hidden):
    return Apply(
        lambda self, x: self.down(functional.silu(self.gate(x)) * self.up(x)),
        gate=nn.Linear(width, hidden, bias=False),
        up=nn.Linear(width, hidden, bias=False),
        down=nn.Linear(hidden, width, bias=False),
    )


def block(width, heads, *, causal=False, joint=False, act=None, drop=0.0):
    dropped = [nn.Dropout(drop)] if drop else []
    return chain(
        residual(nn.LayerNorm(width), fused(width, heads, causal=causal, joint=joint), *dropped),
        residual(
            nn.LayerNorm(width),
            nn.Linear(width, 4 * width),
            act or nn.GELU(),
            nn.Linear(4 * width, width),
            *dropped,
        ),
    )


def basic(channels, width, stride=1):
    body = chain(
        nn.Conv2d(channels, width, 3, stride, 1, bias=False),
        nn.BatchNorm2d(width),
        nn.ReLU(inplace=True),
        nn.Conv2d(width, width, 3, 1, 1, bias=False),
        nn.BatchNorm2d(width),
    )
    short = nn.Identity()
    if stride > 1 or channels != width:
        short = chain(nn.Conv2d(channels, width, 1, stride, bias=False), nn.BatchNorm2d(width))
    return Apply(
        lambda self, x: functional.relu(self.body(x) + self.short(x)), body=body, short=short
    )


def bottleneck(channels, width, stride=1):
    body = chain(
        nn.Conv2d(channels, width, 1, bias=False),
        nn.BatchNorm2d(width),
        nn.ReLU(inplace=True),
        nn.Conv2d(width, width, 3, stride, 1, bias=False),
        nn.BatchNorm2d(width),
        nn.ReLU(inplace=True),
        nn.Conv2d(width, 4 * width, 1, bias=False),
        nn.BatchNorm2d(4 * width),
    )
    short = nn.Identity()
    if stride > 1 or channels != 4 * width:
        short = chain(
            nn.Conv2d(channels, 4 * width, 1, stride, bias=False), nn.BatchNorm2d(4 * width)
        )
    return Apply(
        lambda self, x: functional.relu(self.body(x) + self.short(x), inplace=True),
        body=body,
        short=short,
    )


def resnet50():
    parts = [
        nn.Conv2d(3, 64, 7, 2, 3, bias=False),
        nn.BatchNorm2d(64),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(3, 2, 1),
    ]
    channels = 64
    for width, count, stride in ((64, 3, 1), (128, 4, 2), (256, 6, 2), (512, 3, 2)):
        for number in range(count):
            parts.append(bottleneck(channels, width, stride if number == 0 else 1))
            channels = 4 * width
    return chain(*parts, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(2048, 1000))


def shared(part, *others):
    """One module, used again behind others."""
    return chain(part, *others, part)


def frozen(part):
    for tensor in part.parameters():
        tensor.requires_grad_(False)
    return part


def tied_frozen():
    first, last = frozen(nn.Linear(8, 8, bias=False)), nn.Linear(8, 8)
    last.weight = first.weight
    return chain(first, nn.Linear(8, 8), last)


def gpt2(vocabulary, places, width, heads, layers):
    blocks = [
        block(width, heads, causal=True, joint=True, act=nn.GELU(approximate="tanh"))
        for _ in range(layers)
    ]
    made = Apply(
        lambda self, x: self.head(
            self.body(self.tokens(x) + self.places(torch.arange(x.shape[1])))
        ),
        tokens=nn.Embedding(vocabulary, width),
        places=nn.Embedding(places, width),
        body=chain(*blocks, nn.LayerNorm(width)),
        head=nn.Linear(width, vocabulary, bias=False),
    )
    made.head.weight = made.tokens.weight
    return made


def widths(*sizes, act=None):
    parts = []
    for left, right in pairwise(sizes):
        parts += [nn.Linear(left, right), *([act()] if act else [])]
    return chain(*(parts[:-1] if act else parts))
