"""How the checker reads the parts of a certificate: exactly these fields, and numbers as texts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flint import fmpq

from gradiometer.errors import CertificateError
from gradiometer.formula import from_decimal, to_rational_text


def fields(value: Any, *names: str) -> list[Any]:
    """The values of exactly these fields.

    Raises:
        CertificateError: If a field is missing or one too many.
    """
    if not isinstance(value, Mapping) or set(value) != set(names):
        raise CertificateError("A part of the certificate has other fields.", known=names)
    return [value[name] for name in names]


def require(truth: bool, problem: str) -> None:
    """Refuse the certificate unless *truth* holds."""
    if not truth:
        raise CertificateError(problem)


def read_rational(text: Any) -> fmpq:
    """The rational that *text* writes as `p/q`, and nothing else."""
    require(isinstance(text, str) and len(text) < 10_000, "A number is not written as text.")
    value = from_decimal(text)
    require(to_rational_text(value) == text, f"The number `{text[:40]}` is not in lowest terms.")
    return value
