"""What can be wrong with a long list of assignments, as errors with the line."""

from __future__ import annotations

from collections.abc import Collection

from gradiometer.errors import FormulaError, GradiometerError, Place, suggest, unknown_name


def locate(error: GradiometerError, source: str, number: int) -> GradiometerError:
    """The error at its line."""
    column = None if error.start is None else error.start + 1
    return error.located(Place(source, number, column))


def nameless(text: str) -> GradiometerError:
    """An expression without a name that is not the last one."""
    problem = "Only the last expression may stand without a name."
    return FormulaError(problem, text=text, start=0, end=len(text), hint="write `name = …`")


def assigned_twice(
    target: str, text: str, *, inputs: Collection[str], used: Collection[str]
) -> GradiometerError:
    """A name that is assigned, given or used as a constant before."""
    if target in used:
        problem = f"`{target}` was the constant on an earlier line."
        hint = "choose another name"
    elif target in inputs:
        problem = f"`{target}` is computed here, so it takes no value."
        hint = f"leave `{target}` out of the point"
    else:
        problem = f"The name `{target}` is assigned twice."
        hint = "give the second value a name of its own"
    return FormulaError(problem, text=text, start=0, end=len(text.rstrip()), hint=hint)


def unknown_word(word: str, text: str, known: Collection[str]) -> GradiometerError:
    """A name that is neither assigned nor given."""
    near = suggest(word, known)
    value = f"give a value as in `--at {word}=1`"
    problem = f"`{word}` is neither assigned nor given a value."
    error = unknown_name(word, (), problem=problem, text=text)
    error.hint = f"write `{near}`, or {value}" if near else value
    return error


def used_too_early(name: str, line: int | None, *, is_circle: bool) -> GradiometerError:
    """A name that is used before the line that assigns it, or by its own statement for None."""
    if line is None:
        problem = f"`{name}` is computed from itself."
        return FormulaError(problem, hint="give the new value a name of its own")
    if is_circle:
        problem = (
            f"`{name}` is used here, and line {line} computes it from this line: the computation "
            "is a circle."
        )
        return FormulaError(problem, hint=f"compute `{name}` or this line without the other")
    problem = f"`{name}` is used before line {line} assigns it."
    return FormulaError(problem, hint=f"move the assignment of `{name}` before this line")
