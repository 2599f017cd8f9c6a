"""Everything that `parameters` is asked, read and checked; nothing is counted yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

from gradiometer.errors import Place, UsageError
from gradiometer.model import Counter, read_counter, read_precision
from gradiometer.question.parameters_memory import MemoryRequest
from gradiometer.question.parameters_read import (
    Described,
    read_described,
    read_text,
    refuse_options,
    with_options,
)
from gradiometer.question.parameters_scaling import Varied, check_setting, read_solved, read_varied
from gradiometer.question.parameters_settings import apply_settings

MOST_EXAMPLES = 10**9
"""Largest batch, and longest sequence."""


@final
@dataclass(frozen=True)
class NetworksRequest:
    """What is asked about which networks."""

    networks: tuple[Described, ...]
    memory: MemoryRequest
    varied: Varied | None
    solved: tuple[Varied, int] | None
    """A setting, and the most parameters."""
    counter: Counter | None = None
    """The tool whose numbers are wanted too."""


def read_networks(
    networks: Sequence[str] | str | None = (),
    *,
    file: Sequence[str] | str | None = (),
    bias: bool = True,
    activation: str | None = "",
    set: Mapping[str, Any] | None = None,
    input: str | None = "",
    batch: int = 1,
    length: int | None = None,
    optimizer: str | Mapping[str, Any] | None = "",
    precision: str = "fp32",
    as_: str | None = "",
    vary: str | None = "",
    solve: str | None = "",
    budget: Any = None,
    model: Any = None,
) -> NetworksRequest:
    """The networks with all options, as the question takes them.

    A *model* is only held against the other options here: reading runs no code of a user.

    Raises:
        GradiometerError: If something cannot be read, or does not fit.

    Example:
        >>> read_networks("3-2-1").networks[0].name
        '3-2-1'
    """
    texts, files = _to_list(networks), _to_list(file)
    if model is not None:
        given = {"bias": not bias, "activation": activation, "length": length}
        refuse_options({**given, "vary": vary, "solve": solve})
    _check(texts, files, model, bias=bias, batch=batch, length=length)
    varied = read_varied(vary, key="vary") if vary else None
    solved = read_solved(solve or "", budget)
    wanted = {"vary": varied, "solve": solved[0] if solved else None}
    names = {key.rpartition(".")[2] for key in set or {}}
    names |= {item.name for item in wanted.values() if item}
    found = [read_text(text, names=names, place=Place("networks")) for text in texts]
    found += [read_described(path) for path in files]
    found = [
        with_options(one, bias=bias, activation=activation or "", input=input or "", length=length)
        for one in found
    ]
    found, remembered = apply_settings(found, optimizer or "", set or {})
    for key, item in wanted.items():
        if item:
            check_setting(item.name, found, key=key)
    for one in found:
        if one.lacking and not any(item and item.name in one.lacking for item in wanted.values()):
            raise UsageError(
                f"`{one.name}` needs a value of `{one.lacking[0]}`.",
                place=Place("set"),
                hint=f"write `--set {one.lacking[0]}=8`",
            )
    memory = MemoryRequest(read_precision(precision), remembered, batch)
    counter = read_counter(as_) if as_ else None
    return NetworksRequest(tuple(found), memory, varied, solved, counter)


def _to_list(given: Sequence[str] | str | None) -> list[Any]:
    return [given] if isinstance(given, str) and given else list(given or ())


def _check(
    texts: Sequence[Any], files: Sequence[Any], model: Any, *, bias: Any, batch: Any, length: Any
) -> None:
    if not texts and not files and model is None:
        raise UsageError("There is no network.", hint="write widths such as `100-20-1`")
    if not isinstance(bias, bool):
        raise UsageError(f"`bias` is true or false, not `{bias}`.", known=("true", "false"))
    for text in texts:
        if not isinstance(text, str):
            raise UsageError(
                f"A network is a text such as `100-20-1`, not {text!r}.",
                hint="write the widths in quotes",
            )
    for name, value in (("batch", batch), ("length", length)):
        if value is None and name == "length":
            continue
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MOST_EXAMPLES:
            problem = f"`{name}` is a whole number from 1 to {MOST_EXAMPLES:,}, not `{value}`."
            raise UsageError(problem, place=Place(name), hint=f"write such as `--{name} 32`")
