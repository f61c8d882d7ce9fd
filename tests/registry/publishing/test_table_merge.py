"""Two deliveries share tables and descriptions: rows and keys are joined, contradictions are refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.errors import InvalidInput
from registry.files.canonical import read_tsv, tsv_bytes
from registry.publishing.table_merge import merge_tree

ids = st.sampled_from(["sub-1", "sub-2", "sub-3", "sub-4"])
ages = st.none() | st.sampled_from(["30", "40"])
tables = st.dictionaries(ids, ages, max_size=4)


def join(folder: Path, path: str, held: bytes, staged: bytes) -> bytes:
    """What the registry would hold after the delivery."""
    for root, data in ((folder / "root", held), (folder / "tree", staged)):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(data)
    merge_tree(folder / "tree", folder / "root")
    place = folder / "tree" / path
    return place.read_bytes() if place.exists() else held


def table(ages_of: dict[str, str | None]) -> bytes:
    rows = [{"participant_id": key, "age": age} for key, age in ages_of.items()]
    return tsv_bytes(rows, ("participant_id", "age"))


@given(held=tables, staged=tables)
def test_a_joined_table_has_every_row_and_every_value_or_is_refused(
    held: dict[str, str | None], staged: dict[str, str | None], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("join")
    contradict = {key for key in held.keys() & staged.keys() if held[key] and staged[key] and held[key] != staged[key]}
    if contradict:
        with pytest.raises(InvalidInput, match="the delivery says"):
            join(folder, "participants.tsv", table(held), table(staged))
        return
    joined = join(folder, "participants.tsv", table(held), table(staged))
    (folder / "joined.tsv").write_bytes(joined)
    rows = {row["participant_id"]: row["age"] for row in read_tsv(folder / "joined.tsv")}
    assert rows == {key: held.get(key) or staged.get(key) for key in held.keys() | staged.keys()}


@given(held=tables, staged=tables)
def test_the_order_of_two_deliveries_does_not_matter(
    held: dict[str, str | None], staged: dict[str, str | None], tmp_path_factory: pytest.TempPathFactory
) -> None:
    staged = {key: value for key, value in staged.items() if key not in held}
    one = join(tmp_path_factory.mktemp("one"), "participants.tsv", table(dict(sorted(held.items()))), table(staged))
    two = join(tmp_path_factory.mktemp("two"), "participants.tsv", table(dict(sorted(staged.items()))), table(held))
    assert one == two


def test_columns_of_both_are_kept(tmp_path: Path) -> None:
    joined = join(tmp_path, "participants.tsv", b"participant_id\tage\nsub-1\t30\n", b"participant_id\tsex\nsub-1\tF\n")
    assert joined == b"participant_id\tage\tsex\nsub-1\t30\tF\n"


def test_descriptions_are_joined_and_the_registrys_own_words_win(tmp_path: Path) -> None:
    held = {"Name": "Ours", "DatasetLinks": {"raw": "file:../.."}, "GeneratedBy": [{"Name": "A"}]}
    staged = {"Name": "Theirs", "DatasetLinks": {"manual": "x"}, "GeneratedBy": [{"Name": "A"}, {"Name": "B"}]}
    path = "derivatives/manual-ms/dataset_description.json"
    joined = json.loads(join(tmp_path, path, json.dumps(held).encode(), json.dumps(staged).encode()))
    assert joined["Name"] == "Ours"
    assert joined["DatasetLinks"] == {"raw": "file:../..", "manual": "x"}
    assert joined["GeneratedBy"] == [{"Name": "A"}, {"Name": "B"}]


@pytest.mark.parametrize(
    "path",
    [
        "sub-1/anat/sub-1_T1w.nii.gz",
        "sub-1/anat/sub-1_T1w.json",
        "code/registry/queries/q@1.json",
        "derivatives/manual-ms/sub-1/anat/sub-1_mask.json",
        "derivatives/lesionboxes-ms/sub-1/anat/sub-1_dseg.tsv",
    ],
)
def test_evidence_is_never_overwritten(tmp_path: Path, path: str) -> None:
    with pytest.raises(InvalidInput, match="in the registry already, with other content"):
        join(tmp_path, path, b"{}", b"[]")


def test_a_raw_sidecar_gains_fields_and_changes_none(tmp_path: Path) -> None:
    """A delivery that states more than before comes in again, one that contradicts itself does not."""
    path = "sub-1/anat/sub-1_T1w.json"
    held, more = b'{"EchoTime": 0.003}', b'{"EchoTime": 0.003, "Manufacturer": "GE"}'
    assert json.loads(join(tmp_path / "gain", path, held, more)) == json.loads(more)
    assert join(tmp_path / "lose", path, more, held) == more
    with pytest.raises(InvalidInput, match="in the registry already, with other content: EchoTime"):
        join(tmp_path / "differ", path, held, b'{"EchoTime": 0.004}')


def test_a_computed_file_may_be_replaced_by_who_says_so(tmp_path: Path) -> None:
    path = "derivatives/consensus-ms/sub-1/anat/sub-1_mask.nii.gz"
    for root in ("root", "tree"):
        (tmp_path / root / path).parent.mkdir(parents=True)
        (tmp_path / root / path).write_bytes(root.encode())
    merge_tree(tmp_path / "tree", tmp_path / "root", {path})
    assert (tmp_path / "tree" / path).read_bytes() == b"tree"


def test_content_that_is_on_another_machine_is_fetched_and_never_replaced(tmp_path: Path) -> None:
    path = "sub-1/anat/sub-1_T1w.nii.gz"
    for root in ("root", "tree"):
        (tmp_path / root / path).parent.mkdir(parents=True)
    (tmp_path / "root" / path).symlink_to("../../.git/annex/objects/absent")
    (tmp_path / "tree" / path).write_bytes(b"other")
    with pytest.raises(InvalidInput, match="not on this machine") as refused:
        merge_tree(tmp_path / "tree", tmp_path / "root")
    assert refused.value.hint == f"Fetch it: datalad get {path}"


@pytest.mark.parametrize(
    ("path", "held", "staged"),
    [
        ("participants.json", b"{}", b"{"),
        ("participants.tsv", b"participant_id\n", b"participant_id\n\xe9\n"),
        ("participants.tsv", b"participant_id\n", b"name\nx\n"),
        ("README", b"x", b"\xe9"),
    ],
)
def test_a_shared_file_that_cannot_be_read_is_refused(tmp_path: Path, path: str, held: bytes, staged: bytes) -> None:
    with pytest.raises(InvalidInput, match="cannot be joined"):
        join(tmp_path, path, held, staged)
