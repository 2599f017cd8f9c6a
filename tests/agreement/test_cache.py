"""What attention keeps while a text is written, held against Hugging Face's classes."""

import json

import pytest

from agreement.record_cache import DATA, LENGTHS, READ, list_cases
from gradiometer import parameters

RECORDED = json.loads(DATA.read_text(encoding="utf-8"))["kept"]


def test_the_record_is_of_these_configurations():
    assert [(r["both"], r["config"]) for r in RECORDED[:: len(LENGTHS)]] == list(list_cases())


@pytest.mark.parametrize(
    "row", RECORDED, ids=[f"{k} {r['config']['model_type']}" for k, r in enumerate(RECORDED)]
)
def test_what_is_kept_has_the_size_that_the_class_keeps(tmp_path, row):
    path = tmp_path / "config.json"
    path.write_text(json.dumps(row["config"]), encoding="utf-8")
    if row["both"]:
        answer = parameters(file=str(path), length=READ, set={"target_length": row["length"]})
    else:
        answer = parameters(file=str(path), length=row["length"])
    assert answer.facts["kv_cache"].value == row["bytes"]
    # The rule of the family stands behind it, which is no proof.
    assert answer.facts["kv_cache"].status == "computed"
