"""Reading tokens into a tree: precedence climbing in one pass and a bounded depth.

From loose to tight: `or`, `and`, `not`, relations, `+ -`, `* /` and products without a sign, the
sign `-`, `^` (from the right). `1/2x` is therefore (1/2)*x, and a note says so.
"""

from __future__ import annotations

import itertools
from typing import final

from gradiometer.errors import FormulaError, LimitError, suggest
from gradiometer.formula.cases import build_cases
from gradiometer.formula.kinds import Kinds, is_condition
from gradiometer.formula.limits import MOST_DEPTH, MOST_NESTING, MOST_NODES
from gradiometer.formula.scope import Scope
from gradiometer.formula.source import Source, read_tokens
from gradiometer.formula.tokens import Token, read_number, stray_comma
from gradiometer.formula.tree import FUNCTIONS, Apply, Constant, Name, Node, Number

_RELATION = 4
_PRODUCT = 6
_NEGATION = 7
_POWER = 8
_LEVELS: dict[str, int] = {
    "or": 1,
    "and": 2,
    **dict.fromkeys(("<", "<=", ">", ">=", "==", "!="), _RELATION),
    **dict.fromkeys("+-", 5),
    **dict.fromkeys("*/", _PRODUCT),
    "^": _POWER,
    "raised": _POWER,
}
_STARTS = frozenset({"number", "name", "(", "√", "|", "cases"})
_LIKELY_FUNCTIONS = frozenset("fghFGHφϕψ")


@final
class Reader:
    """One text being read, with the names of a scope; the tokens are bounded by the caller."""

    def __init__(self, source: Source, scope: Scope) -> None:
        """The reader at the start of *source*."""
        text = source.written
        self.text = text
        self.scope = scope
        self.notes: list[str] = list(source.notes)
        self._kinds = Kinds(text)
        self._is_page = source.places is not None
        """Whether the text is LaTeX, where `-a b` is the opposite of a product."""
        self._tokens = read_tokens(source)
        self._index = 0
        self._token = self._tokens[0]
        self._nesting = 0
        self._nodes = 0
        self._end = 0
        """Where the last token read ends."""
        self._bars = [False]
        """For each open bracket, whether it is a bar."""
        self._mixed = [False]
        """For each open bracket, whether a factor without a sign followed a closing bar."""
        self._closed_bar = -1
        """Where the last closing bar ends."""
        self._bare_power = (-1, -1)
        """Start and end of the last power such as `e^2`, whose exponent could go on."""

    def whole(self) -> Node:
        """The tree of the whole text."""
        if self._token.kind == "end":
            raise self._error("The formula is empty.", self._token)
        tree = self._expression(0)
        token = self._token
        if token.kind == ")":
            raise self._error("This bracket was never opened.", token)
        if token.kind == ",":
            raise stray_comma(self.text, token.start)
        if token.kind != "end":
            raise self._error(f"`{token.text}` is not expected here.", token)
        if is_condition(tree):
            raise self._kinds.error(
                "A formula gives a number, and this is a statement.",
                tree,
                hint="write only one side, or `where(condition, value, other value)`",
            )
        return tree

    def _expression(self, loosest: int) -> Node:
        """The longest expression from here whose operators bind at least as *loosest*."""
        self._deeper()
        start = self._token.start
        left = self._prefix(loosest)
        chained: Node | None = None
        divided = False
        for links in itertools.count():
            token = self._token
            kind = token.kind
            if links >= MOST_DEPTH:
                raise self._too_long(token)
            level = _LEVELS.get(kind)
            if level is None:
                if kind not in _STARTS or (kind == "|" and self._bars[-1]) or loosest > _PRODUCT:
                    break
                left = self._side_by_side(start, left, divided=divided)
                divided = False
                continue
            if level < loosest:
                break
            if kind == "raised":
                left = self._raised(start, left)
                continue
            self._advance()
            if level == _POWER:
                left = self._power(start, token, left)
                continue
            right = self._expression(level + 1)
            if level == _RELATION:
                self._kinds.numbers(token.text, left if chained is None else right, right)
                if chained is None:
                    left = self._apply(kind, (left, right), start)
                else:
                    # `0 < x < 1` says two things of x.
                    relation = self._apply(kind, (chained, right), start)
                    left = self._apply("and", (left, relation), start)
                chained = right
                continue
            if level < _RELATION:
                self._kinds.conditions(token.text, left, right)
            else:
                self._kinds.numbers(token.text, left, right)
            divided = kind == "/"
            left = self._apply(kind, (left, right), start)
        self._nesting -= 1
        return left

    def _prefix(self, loosest: int) -> Node:
        """A number, a name, a bracket, or a sign with what follows it."""
        token = self._token
        kind = token.kind
        if kind == "number":
            self._advance()
            self._count()
            return Number(read_number(token.text), token.text, (token.start, token.end))
        if kind == "name":
            return self._name()
        if kind == "(":
            return self._bracket()
        if kind in {"-", "+"}:
            self._advance()
            is_term = self._is_page and loosest <= _PRODUCT
            inner = self._expression(_PRODUCT if is_term else _NEGATION)
            self._kinds.numbers(token.text, inner)
            return inner if kind == "+" else self._apply("neg", (inner,), token.start)
        if kind == "|":
            return self._absolute()
        if kind == "√":
            return self._root()
        if kind == "cases":
            return self._cases()
        if kind == "not":
            self._advance()
            inner = self._expression(3)
            self._kinds.conditions(token.text, inner)
            return self._apply("not", (inner,), token.start)
        raise self._missing(token)

    def _name(self) -> Node:
        token = self._token
        self._advance()
        called = self._token.kind == "("
        function = self.scope.function(token.text)
        if function is not None and called:
            return self._call(token, function)
        if function is not None and not self.scope.is_given(token.text):
            raise self._unbracketed(token, function)
        self._count()
        span = (token.start, token.end)
        variable = self.scope.variable(token.text)
        if variable is not None:
            if called:
                self._check_factor(token)
            return Name(variable, span)
        constant = self.scope.constant(token.text)
        if constant is not None:
            return Constant(constant, span)
        raise self.scope.unknown(token, called=called, text=self.text)

    def _check_factor(self, token: Token) -> None:
        """A name before a bracket: a factor, unless it looks like a function nobody defined."""
        name = token.text
        if self.scope.is_given(name) or self._token.start > token.end:
            return
        if len(name) > 1:
            near = suggest(name, FUNCTIONS)
            error = self.scope.unknown(token, called=True, text=self.text)
            other = f"`{near}(…)` for the function or " if near else ""
            error.hint = f"write {other}`{name}*(…)` for a product"
            raise error
        if name in _LIKELY_FUNCTIONS:
            self.notes.append(f"`{name}(…)` is read as the product `{name}*(…)`.")

    def _call(self, token: Token, function: str) -> Node:
        arguments = self._arguments()
        self._kinds.arguments(token, function, arguments, end=self._end)
        if token.text == "log":
            note = "`log` is read as the natural logarithm `ln`."
            if note not in self.notes:
                self.notes.append(note)
        return self._apply(function, tuple(arguments), token.start)

    def _arguments(self) -> list[Node]:
        """What stands between the brackets that begin here."""
        opening = self._token
        self._advance()
        self._open(bar=False)
        arguments: list[Node] = []
        if self._token.kind != ")":
            arguments.append(self._expression(0))
            while self._token.kind == ",":
                self._advance()
                arguments.append(self._expression(0))
        self._close(opening, ")")
        return arguments

    def _cases(self) -> Node:
        """The rows of cases: condition and value in turn, and perhaps a value for the rest."""
        token = self._token
        self._advance()
        parts = self._arguments()
        node, notes = build_cases(parts, token=token, end=self._end, text=self.text)
        self._nodes += len(parts)
        self._count()
        self.notes.extend(notes)
        return node

    def _bracket(self) -> Node:
        opening = self._token
        self._advance()
        self._open(bar=False)
        inner = self._expression(0)
        self._close(opening, ")")
        return inner

    def _absolute(self) -> Node:
        opening = self._token
        self._advance()
        self._open(bar=True)
        inner = self._expression(0)
        self._kinds.numbers(opening.text, inner)
        self._close(opening, "|")
        self._closed_bar = self._end
        return self._apply("abs", (inner,), opening.start)

    def _root(self) -> Node:
        """The root of the bracket or the atom behind the sign."""
        token = self._token
        self._advance()
        first = self._token
        inner = self._expression(_POWER + 1)
        self._kinds.numbers(token.text, inner)
        following = self._token
        if first.kind in {"number", "name"} and self._last() != ")":
            under = self.text[first.start : self._end]
            if following.kind in {"^", "raised"}:
                hint = f"write `√({under})^…` or `√({under}^…)`"
                raise self._error("How far this root reaches is not clear.", token, hint=hint)
            if following.kind == "name":
                reading = f"√({under})*{following.text}"
                self._note(token.start, following.end, reading)
        return self._apply("sqrt", (inner,), token.start)

    def _power(self, start: int, caret: Token, base: Node) -> Node:
        """The power whose `^` has just been read."""
        sign = self._token
        exponent = self._expression(_POWER)
        self._kinds.numbers(caret.text, base, exponent)
        if sign.kind == "-" and isinstance(exponent, Apply) and exponent.operator == "neg":
            inner = exponent.arguments[0]
            if isinstance(inner, Apply) and inner.operator == "^" and self._last() != ")":
                before = self.text[start : sign.start].rstrip()
                written = self.text[sign.start : self._end]
                self._note(start, self._end, f"{before}({written})")
        node = self._apply("^", (base, exponent), start)
        is_bare = self._last() in {"number", "name"} and not self.text[: self._end].endswith("}")
        if is_bare and isinstance(base, (Constant, Number)):
            self._bare_power = (start, self._end)
        return node

    def _raised(self, start: int, base: Node) -> Node:
        token = self._token
        self._advance()
        self._kinds.numbers(token.text, base)
        self._count()
        digits = token.text.lstrip("-")
        exponent: Node = Number(read_number(digits), digits, (token.start, token.end))
        if token.text.startswith("-"):
            exponent = self._apply("neg", (exponent,), token.start)
        return self._apply("^", (base, exponent), start)

    def _side_by_side(self, start: int, left: Node, *, divided: bool) -> Node:
        """The product of *left* and the factor that follows it without a sign."""
        token = self._token
        previous = self._end
        if token.kind == "number":
            raise self._error(
                "A number follows without a sign.", token, hint="write `*` or `^` before it"
            )
        if token.kind == "|" and self._mixed[-1]:
            raise self._error(
                "These bars can be paired in two ways.",
                token,
                hint="write abs(…) or put `*` between the factors",
            )
        if token.kind != "|" and self._closed_bar == previous:
            self._mixed[-1] = True
        bare_start, bare_end = self._bare_power
        right = self._expression(_NEGATION)
        self._kinds.numbers(token.text, left, right)
        written = self.text[token.start : self._end]
        if divided:
            self._note(start, self._end, f"({self.text[start:previous]})*{written}")
        elif bare_end == previous == token.start:
            power = self.text[bare_start:bare_end]
            self._note(bare_start, self._end, f"({power})*{written}")
        return self._apply("*", (left, right), start)

    def _apply(self, operator: str, arguments: tuple[Node, ...], start: int) -> Apply:
        self._count()
        return Apply(operator, arguments, (start, self._end))

    def _advance(self) -> None:
        self._end = self._token.end
        self._index += 1
        self._token = self._tokens[self._index]

    def _last(self) -> str:
        """The kind of the last token read."""
        return self._tokens[self._index - 1].kind

    def _count(self) -> None:
        self._nodes += 1
        if self._nodes > MOST_NODES:
            problem = f"A formula may have at most {MOST_NODES:,} parts."
            raise LimitError(problem, text=self.text, start=self._end)

    def _deeper(self) -> None:
        self._nesting += 1
        if self._nesting > MOST_NESTING:
            raise LimitError(
                f"Brackets, signs and exponents may be nested {MOST_NESTING} deep at most.",
                text=self.text,
                start=self._token.start,
                hint="give the inner parts names of their own",
            )

    def _too_long(self, token: Token) -> LimitError:
        return LimitError(
            f"A sum or a product may have at most {MOST_DEPTH} parts.",
            text=self.text,
            start=token.start,
            hint="put brackets round groups of its parts",
        )

    def _open(self, *, bar: bool) -> None:
        self._bars.append(bar)
        self._mixed.append(False)

    def _close(self, opening: Token, closing: str) -> None:
        token = self._token
        if token.kind != closing:
            if token.kind == ",":
                raise stray_comma(self.text, token.start)
            what = "bar" if closing == "|" else "bracket"
            raise self._error(f"This {what} is not closed.", opening)
        self._bars.pop()
        self._mixed.pop()
        self._advance()

    def _note(self, start: int, end: int, reading: str) -> None:
        self.notes.append(f"`{self.text[start:end]}` is read as `{reading}`.")

    def _unbracketed(self, token: Token, function: str) -> FormulaError:
        following = self._token
        argument = following.text if following.kind in {"name", "number"} else "…"
        return self._error(
            f"The function `{token.text}` needs brackets.",
            token,
            hint=f"write {function}({argument})",
        )

    def _missing(self, token: Token) -> FormulaError:
        if token.kind == "end":
            return self._error("The formula stops where a number is missing.", token)
        if token.kind == "," and self._bars == [False]:
            return stray_comma(self.text, token.start)
        return self._error(f"A number or a name is missing before `{token.text}`.", token)

    def _error(self, problem: str, token: Token, *, hint: str = "") -> FormulaError:
        end = max(token.end, token.start + 1)
        return FormulaError(problem, text=self.text, start=token.start, end=end, hint=hint)
