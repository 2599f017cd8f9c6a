"""Makes parts of long work: one after the other here, or on the workers of a dask cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from typing import Any, TypeVar

from gradiometer.errors import Place, UsageError

_Part = TypeVar("_Part")
_Made = TypeVar("_Made")

_PLACE = Place("--cluster")
_KINDS = ("tcp://", "tls://", "ws://", "wss://")
_SECONDS = 10
"""How long the scheduler is waited for."""


def make_parts(
    make: Callable[[Any, _Part], _Made],
    shared: Any,
    parts: Sequence[_Part],
    *,
    cluster: str | None = None,
) -> Iterator[tuple[_Part, _Made]]:
    """Each part with what *make* makes of *shared* and the part, as they are done.

    Args:
        make: A function of a module, so that workers can import it.
        shared: What is the same for all parts; it is sent to each worker once.
        parts: What to make.
        cluster: The address of a dask scheduler; None for this process.

    Raises:
        UsageError: If there is no such scheduler, dask is not installed, or workers die.

    Example:
        >>> from operator import add
        >>> list(make_parts(add, 1, [2, 3]))
        [(2, 3), (3, 4)]
    """
    if cluster is None:
        yield from ((part, make(shared, part)) for part in parts)
    else:
        yield from _make_on_cluster(make, shared, parts, cluster)


def _make_on_cluster(
    make: Callable[[Any, _Part], _Made], shared: Any, parts: Sequence[_Part], address: str
) -> Iterator[tuple[_Part, _Made]]:
    dask = _import_dask()
    with _connect(dask, address) as client:
        known = client.scatter(shared, broadcast=True)
        futures = {client.submit(make, known, part, pure=False): part for part in parts}
        try:
            done = dask.as_completed(list(futures), loop=client.loop, with_results=True)
            for future, made in done:
                yield futures.pop(future), made
        except dask.KilledWorker:
            raise UsageError(
                "The workers of the cluster die over this.", place=_PLACE,
                hint="look into their logs, or leave `cluster` out",
            ) from None  # fmt: skip
        finally:
            client.cancel(list(futures))


def _import_dask() -> Any:
    try:
        return import_module("distributed")
    except ImportError:
        raise UsageError(
            "Runs on a cluster need dask, which is not installed.", place=_PLACE,
            hint="write `pip install 'gradiometer[cluster]'`, or leave `cluster` out",
        ) from None  # fmt: skip


def _connect(dask: Any, address: str) -> Any:
    try:
        # A client of no known kind of address is half open, and complains when it is thrown away.
        if not address.startswith(_KINDS):
            raise ValueError(address)
        return dask.Client(address, timeout=_SECONDS, set_as_default=False)
    except (OSError, ValueError):
        raise UsageError(
            f"There is no dask scheduler at `{address[:80]}`.", place=_PLACE,
            hint="write its address, such as `tcp://127.0.0.1:8786`",
        ) from None  # fmt: skip
