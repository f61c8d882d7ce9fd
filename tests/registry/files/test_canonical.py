"""Equal content has equal bytes, and what was written is read back."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.files.canonical import (
    canonical_json,
    gzip_bytes,
    read_table,
    read_tsv,
    readable_json,
    sha256_bytes,
    sha256_file,
    tsv_bytes,
)

words = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | words,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words, inner, max_size=4),
    max_leaves=12,
)
cells = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\t\r\n"), max_size=12)
names = cells.filter(lambda text: text not in ("", "n/a") and not text.startswith("\ufeff"))


@given(values)
def test_both_json_forms_give_the_value_back(value: Any) -> None:
    assert json.loads(canonical_json(value)) == value
    assert json.loads(readable_json(value)) == value


@given(st.dictionaries(words, st.integers(), max_size=6))
def test_the_canonical_form_does_not_depend_on_the_order_of_keys(value: dict[str, int]) -> None:
    turned = dict(reversed(value.items()))
    assert canonical_json(turned) == canonical_json(value)
    assert readable_json(turned) == readable_json(value)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {"a": [float("-inf")]}])
def test_numbers_that_json_does_not_have_are_refused(value: Any) -> None:
    for encode in (canonical_json, readable_json):
        with pytest.raises(ValueError, match="not JSON compliant"):
            encode(value)


@given(st.binary(max_size=3000))
def test_gzip_gives_the_bytes_back_and_tells_neither_time_nor_name(data: bytes) -> None:
    packed = gzip_bytes(data)
    assert gzip.decompress(packed) == data
    assert packed == gzip_bytes(data)
    assert packed[3] == 0, "no name, comment or extra field"
    assert packed[4:8] == b"\0\0\0\0", "no time"


@given(columns=st.lists(names, min_size=1, max_size=4, unique=True), data=st.data())
def test_a_table_gives_its_rows_back(
    columns: list[str], data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    rows = data.draw(st.lists(st.fixed_dictionaries({name: st.none() | cells for name in columns}), max_size=4))
    place = tmp_path_factory.getbasetemp() / "round_trip.tsv"
    place.write_bytes(tsv_bytes(rows, columns))
    wanted = [{name: None if cell in (None, "", "n/a") else cell for name, cell in row.items()} for row in rows]
    assert read_table(place) == (columns, wanted)


@pytest.mark.parametrize("cell", ["a\tb", "a\nb", "a\rb"])
def test_a_cell_that_would_break_the_table_is_refused(cell: str) -> None:
    with pytest.raises(ValueError, match="cannot hold a tab or a line break"):
        tsv_bytes([{"a": cell}], ["a"])
    with pytest.raises(ValueError, match="cannot hold a tab or a line break"):
        tsv_bytes([], [cell])


@pytest.mark.parametrize("columns", [[], [""], ["a", "a"]])
def test_columns_need_names_of_their_own(columns: list[str]) -> None:
    with pytest.raises(ValueError, match="a name of its own"):
        tsv_bytes([], columns)


def test_a_key_that_is_no_column_is_refused() -> None:
    with pytest.raises(ValueError, match="columns not declared"):
        tsv_bytes([{"a": 1, "b": 2}], ["a"])


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        (b"", []),
        (b"a\tb\n", []),
        (b"\xef\xbb\xbfa\n1\n", [{"a": "1"}]),
        (b"a\tb\r\n1\tn/a\r\n", [{"a": "1", "b": None}]),
        (b"a\tb\n1\t\n\n", [{"a": "1", "b": None}]),
        (b'a\n"quoted"\n', [{"a": '"quoted"'}]),
        ("a\nx\u2028y\x1cz\n".encode(), [{"a": "x\u2028y\x1cz"}]),
    ],
)
def test_tables_are_read_as_they_come(tmp_path: Path, content: bytes, rows: list[dict[str, str | None]]) -> None:
    (tmp_path / "table.tsv").write_bytes(content)
    assert read_tsv(tmp_path / "table.tsv") == rows


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"a\tb\n1\n", "line 2 has 1 cells, the header has 2"),
        (b"a\n1\n1\t2\n", "line 3 has 2 cells, the header has 1"),
        (b"a\ta\n", "appears twice"),
        (b"a\n\xe9\n", "can't decode byte"),
        (b"a\n" + b"x" * 200_000 + b"\n", "field larger than field limit"),
    ],
)
def test_a_table_that_cannot_be_read_says_why(tmp_path: Path, content: bytes, sentence: str) -> None:
    (tmp_path / "table.tsv").write_bytes(content)
    with pytest.raises(ValueError, match=sentence):
        read_tsv(tmp_path / "table.tsv")


def test_a_file_has_the_checksum_of_its_bytes(tmp_path: Path) -> None:
    data = bytes(range(256)) * 8193
    (tmp_path / "file").write_bytes(data)
    assert sha256_file(tmp_path / "file") == sha256_bytes(data)
