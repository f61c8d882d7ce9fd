"""What came in is found by its folder as a search through all of it would find it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from curation.importers.kept_files import Kept

names = st.sampled_from(["a", "b_c", "b"])
folders = st.sampled_from(["", "s/", "s/t/", "derivatives/m/s/"])
paths = st.builds("{}{}{}".format, folders, names, st.sampled_from([".nii.gz", ".nii", ".tsv", ".json"]))


@given(st.lists(paths), paths)
def test_it_is_a_set_that_knows_folders(added: list[str], asked: str) -> None:
    kept = Kept()
    for path in added:
        kept.add(path)
    folder = asked.rpartition("/")[0]
    assert sorted(kept) == sorted(set(added))
    assert (asked in kept) == (asked in added)
    assert kept.in_folder(folder) == any(path.rpartition("/")[0] == folder for path in added)
