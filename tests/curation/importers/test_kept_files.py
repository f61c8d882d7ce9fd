"""What came in is found by folder and by name as a search through all of it would find it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from curation.importers.kept_files import Kept

names = st.sampled_from(["a", "b_c", "b"])
folders = st.sampled_from(["", "s/", "s/t/", "derivatives/m/s/"])
paths = st.builds("{}{}{}".format, folders, names, st.sampled_from([".nii.gz", ".nii", ".tsv", ".json"]))


@given(st.lists(paths), paths)
def test_it_is_a_set_that_knows_folders_and_names(added: list[str], asked: str) -> None:
    kept = Kept()
    for path in added:
        kept.add(path)
    folder, stem = asked.rpartition("/")[0], asked.partition(".")[0]
    assert sorted(kept) == sorted(set(added))
    assert (asked in kept) == (asked in added)
    assert kept.in_folder(folder) == any(path.rpartition("/")[0] == folder for path in added)
    assert sorted(kept.named_as(asked)) == sorted(path for path in set(added) if path.startswith(f"{stem}."))
