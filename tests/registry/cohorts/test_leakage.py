"""Law 6: persons, bytes, series and what an ancestor has seen never cross the parts of a cohort."""

from __future__ import annotations

import subprocess
import sys
from collections import defaultdict
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.cohorts.leakage import (
    ANCESTOR,
    Ancestor,
    Placed,
    check_lineage,
    check_manifest,
    find,
    predicting_runs,
    refuse,
)
from registry.errors import SplitError
from registry.manifests import PARTS, TRAIN, FileRef, Manifest, Sample, Truth


def sample(name: str, person: str, part: str | None, sha256: str = "") -> Sample:
    image = FileRef(f"sub-{name}/anat/sub-{name}_T1w.nii.gz", sha256 or f"sha-{name}", 1)
    path = f"derivatives/manual-ms/sub-{name}/anat/sub-{name}_mask.nii.gz"
    mask = Truth(path, "empty", 1, "expert", "e01", "ms", image.path, {"1": "L"}, TRAIN)
    return Sample(f"sub-{name}", person, f"sub-{name}", None, None, None, None, part, {"T1w": image}, (mask,))


def manifest(*samples: Sample) -> Manifest:
    return Manifest({}, None, {}, ("T1w",), {"0": "background", "1": "lesion"}, samples)


files = st.lists(
    st.builds(
        Placed,
        path=st.integers(0, 50).map("f{}".format),
        part=st.sampled_from(PARTS),
        keys=st.fixed_dictionaries(
            {
                "person": st.sampled_from(["P1", "P2", "P3", None]),
                "checksum": st.sampled_from(["a", "b", None]),
            }
        ),
    ),
    max_size=12,
)


@given(files)
def test_a_key_is_a_leak_exactly_where_it_is_in_two_parts(placed: list[Placed]) -> None:
    parts: dict[tuple[str, str], set[str]] = defaultdict(set)
    for file in placed:
        for kind, key in file.keys.items():
            if key:
                parts[kind, key].add(file.part)
    found = find(placed)
    assert {(leak.kind, leak.key) for leak in found} == {key for key, seen in parts.items() if len(seen) > 1}
    for leak in found:
        assert leak.first_part != leak.second_part
        for path, part in ((leak.first, leak.first_part), (leak.second, leak.second_part)):
            assert any((f.path, f.part, f.keys[leak.kind]) == (path, part, leak.key) for f in placed)


@given(files, st.data())
def test_the_order_of_files_is_irrelevant(placed: list[Placed], data: st.DataObject) -> None:
    unique = list({file.path: file for file in placed}.values())
    assert find(data.draw(st.permutations(unique))) == find(unique)


persons = st.lists(st.sampled_from(["P1", "P2", "P3", "P4"]), min_size=1, max_size=8)


@given(persons, st.dictionaries(st.sampled_from(["P1", "P2", "P3", "P4"]), st.sampled_from(PARTS)))
def test_a_cohort_that_is_divided_by_person_leaks_nothing(people: list[str], parts: dict[str, str]) -> None:
    samples = [sample(str(number), person, parts.get(person)) for number, person in enumerate(people)]
    assert check_manifest(manifest(*samples)) == []


@given(persons, persons, st.data())
def test_held_out_persons_that_an_ancestor_has_seen_are_found_and_no_others(
    mine: list[str], earlier: list[str], data: st.DataObject
) -> None:
    parts = st.fixed_dictionaries({person: st.sampled_from(PARTS) for person in ("P1", "P2", "P3", "P4")})
    now, before = data.draw(parts), data.draw(parts)
    cohort = manifest(*(sample(f"n{i}", person, now[person]) for i, person in enumerate(mine)))
    learned = manifest(*(sample(f"e{i}", person, before[person]) for i, person in enumerate(earlier)))
    leaked = {leak.second for leak in check_lineage(cohort, [Ancestor("r1", learned)])}
    order = {"train": 0, "validation": 1, "test": 2}
    spoilt = {
        p for p in set(mine) & set(earlier) if order[before[p]] < order[now[p]]
    }  # an ancestor's own test part was not seen, so it is below nothing
    assert {item.person for item in cohort.samples if {ref.path for ref in item.images.values()} & leaked} <= spoilt
    assert bool(leaked) == bool(spoilt)


def test_continuing_on_the_same_cohort_leaks_nothing_and_swapping_parts_does() -> None:
    cohort = manifest(sample("a", "P1", "train"), sample("b", "P2", "validation"), sample("c", "P3", "test"))
    assert check_lineage(cohort, [Ancestor("r1", cohort)]) == []
    swapped = manifest(sample("a", "P1", "test"), sample("b", "P2", "train"), sample("c", "P3", "train"))
    (leak,) = check_lineage(swapped, [Ancestor("r1", cohort)])
    assert (leak.kind, leak.first_part, leak.second_part) == (ANCESTOR, "train", "test")
    assert leak.first == leak.second == "sub-a/anat/sub-a_T1w.nii.gz"
    with pytest.raises(SplitError, match=r"Run r1 \(weights\) has seen .*sub-a"):
        refuse([leak])


def test_the_same_bytes_under_another_name_are_seen_too() -> None:
    learned = manifest(sample("a", "P1", "train", "same"))
    cohort = manifest(sample("z", "P9", "test", "same"))
    assert len(check_lineage(cohort, [Ancestor("r1", learned)])) == 1


def test_predictions_in_a_cohort_name_their_run() -> None:
    item = sample("a", "P1", "train")
    predicted = FileRef("derivatives/prediction-r7/sub-a/anat/sub-a_desc-r7_dseg.nii.gz", "x", 1)
    cohort = manifest(replace(item, images={**item.images, "prior": predicted}))
    assert predicting_runs(cohort) == {"r7": predicted.path}
    assert predicting_runs(manifest(item)) == {}


def test_the_checks_need_no_database() -> None:
    program = (
        "import sys\n"
        "for name in ('sqlalchemy', 'sqlmodel', 'duckdb', 'pyarrow', 'alembic', 'nibabel', 'numpy'):\n"
        "    sys.modules[name] = None\n"
        "import registry.cohorts.leakage\n"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
