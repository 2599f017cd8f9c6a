"""Builds certificates: plain JSON that the checker replays."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from gradiometer.proof.check import SCHEMA, fingerprint


def make_certificate(
    kind: str,
    *,
    problem: Mapping[str, Any],
    claim: Mapping[str, Any],
    evidence: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The certificate of one statement.

    Args:
        kind: Which replay accepts it.
        problem: What was asked: formulas and numbers as text.
        claim: What is said to be true.
        evidence: What the replay needs besides.

    Example:
        >>> make_certificate("sign", problem={}, claim={})["schema"]
        'gradiometer/certificate-1'
    """
    parts = (dict(problem), dict(claim), dict(evidence or {}))
    return {
        "schema": SCHEMA,
        "kind": kind,
        "problem": parts[0],
        "claim": parts[1],
        "evidence": parts[2],
        "fingerprint": fingerprint(*parts),
    }


def combine(parts: Iterable[Mapping[str, Any] | None]) -> dict[str, Any] | None:
    """One certificate of all statements, each once; None when there is none."""
    flat: list[Mapping[str, Any]] = []
    for part in parts:
        if part is not None:
            flat.extend(part["parts"] if part["kind"] == "all" else [part])
    unique = {part["fingerprint"]: part for part in flat}
    if not unique:
        return None
    kept = list(unique.values())
    return dict(kept[0]) if len(kept) == 1 else {"schema": SCHEMA, "kind": "all", "parts": kept}
