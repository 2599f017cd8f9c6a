"""What the names in a formula mean: variables, constants and functions, and what is near a miss."""

from __future__ import annotations

from collections.abc import Collection
from typing import final

from gradiometer.errors import UnknownNameError, UsageError, suggest
from gradiometer.formula.tokens import WORDS, Token, plain_name
from gradiometer.formula.tree import ALIASES, CONSTANTS, FUNCTIONS

RESERVED = frozenset(FUNCTIONS) | frozenset(ALIASES) | WORDS
"""Names that no variable may have."""

_CALLABLE: dict[str, str] = {**{name: name for name in FUNCTIONS}, **ALIASES}


@final
class Scope:
    """The names that one formula may use.

    Args:
        names: Variables; None lets every name be one.
        functions: Functions of the caller.
        assigned: Variables that are certain, and hide constants, although *names* is None.

    Raises:
        UsageError: If a variable or a function has the name of a function.
    """

    def __init__(
        self,
        names: Collection[str] | None,
        functions: Collection[str] = (),
        assigned: Collection[str] = (),
    ) -> None:
        """The scope of the given names."""
        self.names = names
        self.functions = functions
        self._assigned = assigned
        for name in (*(names or ()), *functions):
            if name in RESERVED:
                raise UsageError(
                    f"The name `{name}` belongs to a function that is always there.",
                    hint="choose another name",
                )

    def function(self, written: str) -> str | None:
        """The function that *written* names, or None; a caller's variable wins over a letter."""
        plain = plain_name(written)
        if plain in self.functions:
            return plain
        if self.names is not None and (written in self.names or plain in self.names):
            return None
        return _CALLABLE.get(written) or _CALLABLE.get(plain)

    def variable(self, written: str) -> str | None:
        """The variable that *written* names, or None."""
        plain = plain_name(written)
        if self.names is None:
            return plain if plain in self._assigned or plain not in CONSTANTS else None
        if written in self.names:
            return written
        return plain if plain in self.names else None

    def is_given(self, written: str) -> bool:
        """Whether *written* is a variable that somebody defined."""
        if self.names is None:
            return plain_name(written) in self._assigned
        return self.variable(written) is not None

    def constant(self, written: str) -> str | None:
        """The constant that *written* names, or None."""
        plain = plain_name(written)
        return plain if plain in CONSTANTS else None

    def known(self) -> tuple[str, ...]:
        """Variables, then the caller's functions."""
        return (*_listed(self.names or ()), *_listed(self.functions))

    def unknown(self, token: Token, *, called: bool, text: str) -> UnknownNameError:
        """The error about a name that means nothing here; *called* when a bracket follows."""
        plain = plain_name(token.text)
        variables = self.known()
        callable_names = (*_listed(self.functions), *FUNCTIONS)
        known = callable_names if called else variables
        if plain.lower() in _INFINITE and not called:
            return UnknownNameError(
                f"Infinity (`{token.text}`) is no number here.",
                text=text,
                start=token.start,
                end=token.end,
                known=known,
                hint="write a finite number",
            )
        near = suggest(plain, (*known, *(variables if called else CONSTANTS)))
        bare = "" if known else "write a number, for example `1/3`"
        hint = self._split(plain) or (f"write `{near}`" if near else bare)
        return UnknownNameError(
            f"Unknown {'function' if called else 'name'} `{token.text}`.",
            text=text,
            start=token.start,
            end=token.end,
            known=known,
            hint=hint,
        )

    def _split(self, plain: str) -> str:
        """A hint when the name is a product or a power written without a sign."""
        letters = {name for name in (*(self.names or ()), "e") if len(name) == 1}
        if 2 <= len(plain) <= 8 and set(plain) <= letters:
            return f"write `{'*'.join(plain)}`"
        if plain[0] in letters and plain[1:].isdigit():
            return f"write `{plain[0]}^{plain[1:]}` or `{plain[1:]}*{plain[0]}`"
        return ""


_INFINITE = ("inf", "infinity", "oo")
"""Words for what no formula has."""


def _listed(names: Collection[str]) -> tuple[str, ...]:
    return tuple(sorted(names) if isinstance(names, (set, frozenset)) else names)
