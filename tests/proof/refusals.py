"""Whether certificates about one function are refused, and which edits of them stay true."""

from gradiometer.errors import CertificateError
from gradiometer.proof import check
from proof.mutants import survivors

# Steps that show the same in another way: where a tail begins, how cells are cut, which points
# are looked at, how precise balls are, a derivative more than is needed.
_OTHER_WAYS = {"start", "ends", "at", "bits", "bound"}


def is_refused(certificate):
    """Whether the checker does not accept it."""
    try:
        check(certificate)
    except CertificateError:
        return True
    return False


def is_still_shown(path):
    """Whether evidence with this edit may show the same claim."""
    words = {part for part in path if isinstance(part, str)}
    return bool(
        words & _OTHER_WAYS
        or path[0] == "points"
        or (path[0] == "section" and path[-1] == "more")
        or (path[-3] == "forms" and path[-1] == "twice")
        or (path[0] == "rows" and path[-1] == "gone")
        or path[-3] == "denominator"
    )


def is_still_true(path):
    """Whether a claim with this edit says less, or a number between other bounds."""
    return (path[-1] == "missing" and path[-2] in ("order", "chi")) or path[-3:-2] == ("value",)


def check_edits(certificate, *, evidence=True):
    """Assert that single edits of claim and evidence are refused unless they stay true."""
    found, count = survivors(certificate, "claim", is_refused)
    assert [path for path in found if not is_still_true(path)] == []
    assert count > 5
    if evidence:
        found, _ = survivors(certificate, "evidence", is_refused)
        assert [path for path in found if not is_still_shown(path)] == []
