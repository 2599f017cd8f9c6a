"""What the modules of a model multiply and add, as it is seen while the model runs."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field
from typing import final

from gradiometer.model.live_model import join_names
from gradiometer.model.network_rows import CountLine

_MOST_TERMS = 8


@final
@dataclass(frozen=True)
class Tally:
    """What ran, by the path of the module that ran it."""

    terms: dict[str, Counter[tuple[str, tuple[int, ...]]]] = field(default_factory=dict)
    """How often each product of sizes came, with its line."""
    unknown: list[tuple[str, str]] = field(default_factory=list)
    """Module and operation for which there is no rule."""
    shapes: dict[str, tuple[tuple[int, ...] | None, tuple[int, ...] | None]] = field(
        default_factory=dict
    )
    """What entered and left each module in its first call."""
    stack: list[str] = field(default_factory=list)

    def add(self, path: str, line: str, sizes: tuple[int, ...], times: int = 1) -> None:
        """Count a product of these sizes, so many times, for that module."""
        self.terms.setdefault(path, Counter())[line, tuple(map(int, sizes))] += times

    @property
    def gap(self) -> str:
        """What has no rule, as a sentence; empty when all has one."""
        rows = dict.fromkeys(f"{path} ({name})" for path, name in self.unknown)
        return f"There is no rule for what runs in {join_names(rows)}." if rows else ""

    def lines(self, path: str) -> tuple[CountLine, ...]:
        """The multiply-adds of one module."""
        found: dict[str, list[tuple[tuple[int, ...], int]]] = {}
        for (line, sizes), times in self.terms.get(path, {}).items():
            found.setdefault(line, []).append((sizes, times))
        return tuple(_to_line(line, terms) for line, terms in found.items())


def _to_line(name: str, terms: list[tuple[tuple[int, ...], int]]) -> CountLine:
    texts = []
    for sizes, times in terms[:_MOST_TERMS]:
        product = "*".join(map(str, sizes)) or "1"
        texts.append(f"{times} * ({product})" if times > 1 else product)
    texts += ["…"] if len(terms) > _MOST_TERMS else []
    return CountLine(name, sum(math.prod(s) * times for s, times in terms), " + ".join(texts))
