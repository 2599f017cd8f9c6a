"""Where the kernel of a network finds its numbers, counted in entries of one number a lane."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import final


@final
@dataclass(frozen=True)
class DenseShape:
    """The sizes of everything that networks of one shape work on.

    Weights of a layer are a table of as many rows as it has inputs and columns as it has outputs,
    row by row, and its biases come after them; layers follow each other.
    """

    widths: tuple[int, ...]
    """Inputs first, outputs last."""
    chunk: int
    """How many examples are worked on at a time, so that what they need stays in a near cache."""
    states: int
    """How many numbers the update rule keeps for each parameter."""
    prelude: int
    """How many numbers of a step are the same for all parameters."""
    given: int
    """How many numbers a network has of its own."""
    scheduled: int
    """How many of the rule's parameters have a number for each step."""
    group: int
    """How many parameters the update rule takes at a time; each layer has a multiple of them."""
    peaks: bool = False
    """Whether each hidden unit's largest slope is kept while examples are checked."""
    shared: bool = False
    """Whether the examples are the same in all lanes; places do not depend on it."""
    joint: int = 0
    """How many entries a rule needs for what it joins of tensors."""

    @property
    def layers(self) -> range:
        """The layers by their number, from 0."""
        return range(len(self.widths) - 1)

    @cached_property
    def weights(self) -> tuple[int, ...]:
        """Where the weights of each layer begin among the parameters; last, where all end.

        What is left over behind a layer holds zeros, whose gradient is 0.
        """
        places = [0]
        for fan_in, fan_out in pairwise(self.widths):
            size = (fan_in + 1) * fan_out
            places.append(places[-1] + size + -size % self.group)
        return tuple(places)

    @property
    def parameters(self) -> int:
        """How many entries the parameters take."""
        return self.weights[-1]

    def bias(self, layer: int) -> int:
        """Where the biases of a layer begin among the parameters."""
        return self.weights[layer] + self.widths[layer] * self.widths[layer + 1]

    @cached_property
    def sections(self) -> dict[str, tuple[int, int]]:
        """Where each section begins and how long it is, by its name, in order."""
        chunk, widths, last = self.chunk, self.widths, len(self.widths) - 1
        sizes = {"zero": 1, "parameters": self.parameters, "gradient": self.parameters}
        sizes |= {f"state {n}": self.parameters for n in range(self.states)}
        sizes |= {f"value {layer}": chunk * widths[layer] for layer in range(last + 1)}
        sizes |= {f"slope {layer}": chunk * widths[layer] for layer in range(1, last)}
        sizes |= {f"error {layer}": chunk * widths[layer] for layer in range(1, last + 1)}
        sizes |= {
            "prelude": self.prelude * self.group,
            "given": self.given,
            "rates": self.scheduled,
        }
        sizes |= {"record": self.records, "norm": self.group, "scratch": 3, "wanted": chunk}
        sizes |= {f"peak {layer}": widths[layer] for layer in range(1, last) if self.peaks}
        # Last, since how long it is follows from where the others are.
        sizes |= {"joint": self.joint}
        places, found = 0, {}
        for name, size in sizes.items():
            found[name] = (places, size)
            places += size
        return found

    def at(self, name: str) -> int:
        """Where a section begins."""
        return self.sections[name][0]

    @property
    def length(self) -> int:
        """How many entries a block has."""
        return sum(size for _, size in self.sections.values())

    @property
    def records(self) -> int:
        """How many entries are recorded at each step: loss, hits, and a norm for each layer."""
        return 2 + len(self.layers)
