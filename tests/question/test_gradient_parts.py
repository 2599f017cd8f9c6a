"""A long file is read in parts, and its lines are the same wherever a part ends."""

import pytest

from gradiometer import gradient
from gradiometer.errors import UnknownNameError


def test_a_long_file_says_its_line_wherever_its_parts_end(tmp_path, monkeypatch):
    lines = [f"v{k} = {'a' if k == 0 else f'v{k - 1}'}*0.5 + a" for k in range(400)]
    path = tmp_path / "list.txt"
    monkeypatch.setattr("gradiometer.question.gradient_source._MOST_EXACT", 10)
    for part in (1, 100, 1 << 18):
        monkeypatch.setattr("gradiometer.question.gradient_source._PART", part)
        path.write_text("\r\n".join(lines))
        answer = gradient(file=str(path), at={"a": 2})
        assert answer.facts["value"].status == "computed"
        path.write_text("\n".join([*lines[:300], "w = v299 + q", *lines[300:]]))
        with pytest.raises(UnknownNameError, match="neither assigned") as caught:
            gradient(file=str(path), at={"a": 2})
        assert caught.value.place.line == 301
        assert caught.value.text == "w = v299 + q"
