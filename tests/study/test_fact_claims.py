"""Claims about facts in a study: wrong ones are refuted, misspelt ones found before the run."""

import pytest

from gradiometer.errors import UsageError
from gradiometer.study import check_study, read_study, run_study

HEAD = """\
schema_version = 1
title = "T"

[[question]]
id = "q"
ask = "activation"
formula = "1/x"
"""


def _write(tmp_path, *claims):
    path = tmp_path / "study.toml"
    parts = (f"\n[[question.claim]]\n{claim}\n" for claim in claims)
    path.write_text(HEAD + "".join(parts), encoding="utf-8")
    return path


def test_a_claim_of_another_shape_does_not_stop_the_study(tmp_path):
    path = _write(
        tmp_path,
        'fact = "range"\nequals = "(-oo, oo)"',
        'fact = "kinks.5.at"\nequals = 0',
        'fact = "range"\nequals = "(-oo,0) u (0,oo)"',
        'fact = "range"\nequals = ["(-oo,0)", "(0,oo)"]',
    )
    assert check_study(path)[1] == ()
    claims = run_study(read_study(path)).claims
    assert [claim.holds for claim in claims] == [False, False, True, True]
    assert claims[0].because.startswith("`range`: (-oo, 0) ∪ (0, oo), not (-oo, oo). ")
    assert claims[1].because.startswith("`kinks` has no row `5`: it has no rows. ")


@pytest.mark.parametrize(
    ("claim", "problem", "hint"),
    [
        ('fact = "rage"\nequals = 1', "has no fact `rage`", "write `range`"),
        ('fact = "monotone"\nequals = "increassing"', "is never `increassing`", "increasing"),
    ],
)
def test_a_misspelt_fact_or_word_is_found_before_the_run(claim, problem, hint, tmp_path):
    path = _write(tmp_path, claim)
    (found,) = check_study(path)[1]
    assert problem in found.problem
    assert hint in found.hint
    assert found.place is not None
    assert found.place.line in {9, 10, 11}
    with pytest.raises(UsageError):
        run_study(read_study(path))
