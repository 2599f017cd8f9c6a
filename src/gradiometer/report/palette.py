"""The colours of every figure and page: one name for light and dark ground each."""

from __future__ import annotations

from collections.abc import Mapping

COLOURS: Mapping[str, tuple[str, str]] = {
    "ink": ("#1b1f25", "#e8ebef"),
    "muted": ("#5a6472", "#a3adba"),
    "faint": ("#d6dbe2", "#3a434f"),
    "paper": ("#fefefe", "#14181e"),
    "wash": ("#f3f5f8", "#1d232b"),
    "blue": ("#0a5fc0", "#74b4ff"),
    "orange": ("#a94f00", "#ffad61"),
    "green": ("#17722f", "#5dd879"),
    "red": ("#b72323", "#ff857c"),
    "purple": ("#7338ad", "#cba2ff"),
}
"""Light and dark value by name; text in any of them stands out at least 4.5 : 1 from its paper."""


def light(name: str) -> str:
    """The colour on light ground, as `#rrggbb`."""
    return COLOURS[name][0]


def reference(name: str) -> str:
    """The colour as CSS that follows the reader's light or dark ground."""
    return f"var(--g-{name},{light(name)})"


def to_css(selector: str) -> str:
    """CSS that gives every name its value under *selector*, in light, dark and print."""

    def block(index: int) -> str:
        values = "".join(f"--g-{name}:{pair[index]};" for name, pair in COLOURS.items())
        return f"{selector}{{{values}color-scheme:{'dark' if index else 'light'}}}"

    return f"{block(0)}\n@media screen and (prefers-color-scheme:dark){{{block(1)}}}\n"
