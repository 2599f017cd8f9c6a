"""The version of the installed package."""

from __future__ import annotations

from functools import cache


@cache
def read_version() -> str:
    """The version text of the installed distribution, or `0+unknown` in a bare source tree."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("gradiometer")
    except PackageNotFoundError:
        return "0+unknown"
