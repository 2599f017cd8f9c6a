"""The checker: replays a certificate and accepts it, or says what is wrong.

It imports nothing of the provers. A certificate is plain JSON: a problem (what was asked), a claim
(what is said to be true), evidence (what helps to see it), and a fingerprint of the three.
"""

from __future__ import annotations

import hashlib
import importlib
import json
from collections.abc import Mapping
from typing import Any

from gradiometer.errors import CertificateError, GradiometerError, UndecidedError

SCHEMA = "gradiometer/certificate-1"

KINDS: Mapping[str, str] = {
    "alike": "check_alike",
    "approach": "check_approach",
    "basin": "check_basin",
    "boxes": "check_boxes",
    "change": "check_change",
    "cone": "check_cone",
    "contraction": "check_contraction",
    "counterexample": "check_formula",
    "descent": "check_descent",
    "difference": "check_difference",
    "distance": "check_distance",
    "doubling": "check_doubling",
    "excursion": "check_excursion",
    "fading": "check_fading",
    "fixed_point": "check_fixed_point",
    "form": "check_form",
    "graph": "check_graph",
    "identity": "check_formula",
    "impossible": "check_impossible",
    "itinerary": "check_itinerary",
    "joints": "check_joints",
    "limit": "check_limit",
    "moment": "check_moment",
    "outer": "check_outer",
    "phases": "check_phases",
    "pieces": "check_pieces",
    "profile": "check_profile",
    "reach": "check_reach",
    "regimes": "check_regimes",
    "root": "check_root",
    "rotation": "check_rotation",
    "run": "check_run",
    "separate": "check_separate",
    "sign": "check_formula",
    "stability": "check_stability",
    "step_bound": "check_step_bound",
    "stride": "check_stride",
    "swing": "check_swing",
    "symmetry": "check_symmetry",
    "tether": "check_tether",
    "trail": "check_trail",
    "trap": "check_trap",
    "wave": "check_wave",
    "witness": "check_witness",
}
"""The file whose function `check_KIND` replays each kind of certificate; loaded when needed."""

_MOST_PARTS = 1000


def fingerprint(problem: Any, claim: Any, evidence: Any) -> str:
    """A digest that binds the parts of a certificate to each other."""
    text = json.dumps([problem, claim, evidence], sort_keys=True, separators=(",", ":"))
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def check(certificate: Any) -> None:
    """Accept the certificate by returning.

    Raises:
        CertificateError: If it does not prove what it says; the error says why.
    """
    parts = _parts(certificate)
    for index, part in enumerate(parts):
        try:
            _check_one(part)
        except CertificateError:
            raise
        except GradiometerError as error:
            said = f"Part {index + 1} cannot be replayed: {error.problem}"
            raise CertificateError(said) from None
        except UndecidedError as error:
            raise CertificateError(f"Part {index + 1} stays undecided: {error}.") from None
        except (TypeError, ValueError, KeyError, AttributeError, ArithmeticError, IndexError,
                RecursionError, MemoryError) as error:  # fmt: skip
            # Whatever a hostile certificate breaks in the replay, it has not been accepted.
            reason = f"{type(error).__name__}: {error}"
            raise CertificateError(f"Part {index + 1} is malformed ({reason}).") from None


def _parts(certificate: Any) -> list[Any]:
    if isinstance(certificate, Mapping) and certificate.get("kind") == "all":
        if set(certificate) != {"schema", "kind", "parts"} or certificate["schema"] != SCHEMA:
            raise CertificateError("A certificate of several parts has `schema`, `kind`, `parts`.")
        parts = certificate["parts"]
        if not isinstance(parts, list) or not 0 < len(parts) <= _MOST_PARTS:
            raise CertificateError("`parts` must be a list of certificates.")
        return parts
    return [certificate]


def _check_one(certificate: Any) -> None:
    fields = {"schema", "kind", "problem", "claim", "evidence", "fingerprint"}
    if not isinstance(certificate, Mapping) or set(certificate) != fields:
        known = tuple(sorted(fields))
        raise CertificateError("A certificate has exactly these fields.", known=known)
    if certificate["schema"] != SCHEMA:
        raise CertificateError("The schema is not known.", known=(SCHEMA,))
    kind = certificate["kind"]
    if not isinstance(kind, str) or kind not in KINDS:
        raise CertificateError(f"The kind `{kind}` is not known.", known=tuple(KINDS))
    body = (certificate["problem"], certificate["claim"], certificate["evidence"])
    if certificate["fingerprint"] != fingerprint(*body):
        raise CertificateError("The fingerprint does not fit: something was edited.")
    module = importlib.import_module(f"gradiometer.proof.{KINDS[kind]}")
    getattr(module, f"check_{kind}")(*body)
