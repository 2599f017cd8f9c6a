"""Which names the values of a network use, so that a misspelt setting is found without sizes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from gradiometer.errors import Place
from gradiometer.model.network_tree import Branches, Chain, Experts, Input, Layer, Repeat

FIXED_NAMES = frozenset({"true", "false", "and", "or", "not", "pi", "e"})
"""Names with a meaning of their own in every value."""

_NAME = re.compile(r"(?<![\w.])[A-Za-z_]\w*")
_ALONE = re.compile(r"[A-Za-z_]\w*(?:\.\w+)*")
_TARGETS = frozenset({"from", "tie"})
"""Settings whose value is the name of an item, not a formula."""


class NameUse(NamedTuple):
    """A name in a value of a network."""

    name: str
    text: str
    """The whole value."""
    start: int
    """Where the name stands in the value."""
    may_be_word: bool
    """Whether it may be a word with a meaning to the layer, such as `same` in `padding=same`."""
    place: Place | None
    """Where the item stands."""


def find_names(text: str, *, formula: bool, place: Place | None = None) -> Iterator[NameUse]:
    """The names in a value; functions and names with a point are left out.

    Args:
        text: The value.
        formula: Whether it can be nothing but a formula, such as a count or a condition.
        place: Where its item stands.

    Example:
        >>> [use.name for use in find_names("floor(width/heads) + 3x5", formula=False)]
        ['width', 'heads']
    """
    alone = _ALONE.fullmatch(text) is not None
    for match in _NAME.finditer(text):
        behind = text[match.end() :].lstrip()[:1]
        if match.group() in FIXED_NAMES or behind == "(" or text[match.end() :][:1] == ".":
            continue
        # What a setting is compared with may be a word: `norm = rms`.
        compared = re.search(r"(?<![<>])=\s*$", text[: match.start()]) is not None
        word = compared or (alone and not formula)
        yield NameUse(match.group(), text, match.start(), word, place)


def find_uses(tree: Chain) -> Iterator[NameUse]:
    """The names that the values of a network use and do not define themselves.

    A kind of layer counts too, as it may be the value of a setting; counters do not.

    Example:
        >>> from gradiometer.model.network_tree import Layer
        >>> [use.name for use in find_uses(Chain((Layer("dense", ("4*width",)),)))]
        ['dense', 'width']
    """
    rest = [(item, frozenset[str]()) for item in reversed(tree.items)]
    while rest:
        item, counters = rest.pop()
        place = item.place
        formulas: tuple[str, ...] = ()
        values: tuple[str, ...] = ()
        bodies: tuple[Chain, ...] = ()
        inner = counters
        if isinstance(item, Input):
            formulas = item.shape
        elif isinstance(item, Layer):
            values = item.arguments
            yield NameUse(item.kind, item.kind, 0, True, place)
        elif isinstance(item, Repeat):
            formulas, bodies = (item.count,), (item.body,)
            inner = counters | {item.counter}
        elif isinstance(item, Experts):
            formulas, bodies = (item.count, item.active), (item.body,)
        elif isinstance(item, Branches):
            bodies = item.branches
        settings = () if isinstance(item, Input) else item.settings
        found = [(text, True) for text in formulas] + [(text, False) for text in values]
        found += [(text, name == "if") for name, text in settings if name not in _TARGETS]
        for text, formula in found:
            for use in find_names(text, formula=formula, place=place):
                if use.name not in counters:
                    yield use
        rest.extend((inside, inner) for body in reversed(bodies) for inside in reversed(body.items))
