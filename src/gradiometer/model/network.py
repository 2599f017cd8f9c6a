"""A dense network as its widths: `100-100-20-1` in, layers with their parameter counts out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from gradiometer.errors import Place
from gradiometer.model.network_widths import read_widths


@final
@dataclass(frozen=True)
class Layer:
    """One dense layer: every unit is joined to every input."""

    number: int
    """1 for the layer next to the inputs."""
    inputs: int
    outputs: int
    has_bias: bool

    @property
    def weights(self) -> int:
        """One weight for each pair of an input and a unit."""
        return self.inputs * self.outputs

    @property
    def biases(self) -> int:
        """One bias for each unit, or none."""
        return self.outputs if self.has_bias else 0

    @property
    def parameters(self) -> int:
        """Weights and biases together."""
        return self.weights + self.biases

    @property
    def formula(self) -> str:
        """How the parameters are counted, such as `100*20 + 20`."""
        product = f"{self.inputs}*{self.outputs}"
        return f"{product} + {self.outputs}" if self.has_bias else product


@final
@dataclass(frozen=True)
class Network:
    """Dense layers one behind the other.

    Example:
        >>> network = read_network("100-100-20-1")
        >>> sum(layer.weights for layer in network.layers)
        12020
    """

    widths: tuple[int, ...]
    """Number of inputs, then the units of each layer."""
    has_bias: bool = True

    @property
    def text(self) -> str:
        """The widths as they are written: `100-100-20-1`."""
        return "-".join(map(str, self.widths))

    @property
    def layers(self) -> tuple[Layer, ...]:
        """The layers, the one next to the inputs first."""
        pairs = zip(self.widths, self.widths[1:], strict=False)
        return tuple(
            Layer(number, inputs, outputs, self.has_bias)
            for number, (inputs, outputs) in enumerate(pairs, start=1)
        )


def read_network(text: str, *, bias: bool = True, place: Place | None = None) -> Network:
    """The network whose widths *text* lists, inputs first, joined by hyphens.

    Args:
        text: Positive integers such as `100-100-20-1`; blanks round a hyphen do not count.
        bias: Whether each unit has a bias.
        place: Where the text stands, for errors.

    Raises:
        FormulaError: If a width is missing or is no positive integer.
        LimitError: If there are more layers or larger widths than the stated limits.
    """
    return Network(read_widths(text, place=place), bias)
