"""Numbers where numbers are needed, conditions where conditions are, and as many as are needed."""

from __future__ import annotations

from typing import final

from gradiometer.errors import FormulaError
from gradiometer.formula.tokens import Token
from gradiometer.formula.tree import OPERATORS, Apply, Node

_CONDITIONS = frozenset(o.name for o in OPERATORS.values() if o.kind in {"relation", "logic"})

_USAGE = {
    "max": "max(a, b)",
    "min": "min(a, b)",
    "clip": "clip(x, low, high)",
    "where": "where(condition, value, other value)",
    "passed": "passed(k, a, b)",
}


def is_condition(node: Node) -> bool:
    """Whether the node is true or false, and not a number."""
    return isinstance(node, Apply) and node.operator in _CONDITIONS


@final
class Kinds:
    """The checks of arguments inside one text, which its errors show."""

    def __init__(self, text: str) -> None:
        """The checks inside *text*."""
        self._text = text

    def numbers(self, sign: str, *parts: Node) -> None:
        """Refuse a condition where *sign* needs numbers.

        Raises:
            FormulaError: If one of the parts is a condition.
        """
        for part in parts:
            if isinstance(part, Apply) and part.operator in _CONDITIONS:
                raise self.error(
                    f"A number is needed here by `{sign}`, and this is a condition.",
                    part,
                    hint="write `where(condition, 1, 0)`",
                )

    def conditions(self, sign: str, *parts: Node) -> None:
        """Refuse a number where *sign* needs conditions.

        Raises:
            FormulaError: If one of the parts is a number.
        """
        for part in parts:
            if not is_condition(part):
                raise self.error(
                    f"`{sign}` joins conditions, and this is a number.",
                    part,
                    hint="write a relation such as `x <= 1`",
                )

    def arguments(self, token: Token, function: str, arguments: list[Node], *, end: int) -> None:
        """Refuse arguments of the wrong count or kind.

        Args:
            token: The name of the function as written.
            function: The function it means.
            arguments: What stands between its brackets.
            end: Where the call ends.

        Raises:
            FormulaError: If *function* does not take them.
        """
        least, most = OPERATORS[function].arity if function in OPERATORS else (1, None)
        count = len(arguments)
        if count < least or (most is not None and count > most):
            wanted = f"{least}" if most == least else f"at least {least}"
            raise FormulaError(
                f"`{token.text}` takes {wanted} argument{'s' if least > 1 else ''}, "
                f"and {count or 'none'} {'is' if count < 2 else 'are'} given.",
                text=self._text,
                start=token.start,
                end=end,
                hint=f"write `{_USAGE.get(function, f'{function}(x)')}`",
            )
        if function == "where":
            condition, *arguments = arguments
            if not is_condition(condition):
                raise self.error(
                    "The first argument of `where` must be a condition.",
                    condition,
                    hint="write a relation such as `x <= 1`",
                )
        self.numbers(token.text, *arguments)

    def error(self, problem: str, node: Node, *, hint: str = "") -> FormulaError:
        """The error about *node*, shown in the text."""
        start, end = node.span if node.span is not None else (None, None)
        return FormulaError(problem, text=self._text, start=start, end=end, hint=hint)
