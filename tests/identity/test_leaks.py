"""Law 6: persons, bytes, series and what an ancestor has seen never cross the parts of a cohort."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import pytest
import tiny_bids
from hypothesis import given
from hypothesis import strategies as st

from registry import layout, leaks, queries, snapshots, splits
from registry.errors import SplitError
from registry.identity import links
from registry.identity.links import Verdict
from registry.leakage import ANCESTOR, Ancestor, Placed, check_lineage, check_manifest, find, predicting_runs, refuse
from registry.manifests import PARTS, FileRef, Manifest, Sample, Target
from registry.publishing import Change, publish
from registry.store import Registry
from registry.targets import parse_policy

SEEN = Verdict("looked at both", "r01")


def sample(name: str, person: str, part: str | None, sha256: str = "") -> Sample:
    image = FileRef(f"sub-{name}/anat/sub-{name}_T1w.nii.gz", sha256 or f"sha-{name}", 1)
    mask = Target(f"derivatives/manual-ms/sub-{name}/anat/sub-{name}_mask.nii.gz", "empty", 1, "expert", "e01", "ms",
                  image.path)  # fmt: skip
    return Sample(f"sub-{name}", person, f"sub-{name}", None, None, None, None, part, {"T1w": image}, mask)


def manifest(*samples: Sample) -> Manifest:
    return Manifest({}, None, {}, ("T1w",), {"0": "background", "1": "lesion"}, samples)


files = st.lists(
    st.builds(
        Placed,
        path=st.integers(0, 50).map("f{}".format),
        part=st.sampled_from(PARTS),
        keys=st.fixed_dictionaries({
            "person": st.sampled_from(["P1", "P2", "P3", None]), "checksum": st.sampled_from(["a", "b", None]),
        }),
    ),
    max_size=12,
)  # fmt: skip


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
        "import registry.leakage\n"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


@pytest.fixture
def divided(cohort: Registry) -> Registry:
    """The tiny cohort with a split of its persons."""
    queries.save(cohort, "flair", "SELECT path FROM images WHERE suffix = 'FLAIR'")
    splits.create(cohort, "parts", "flair")
    assert leaks.check_split(cohort, "parts") == []
    return cohort


def who(subject: str) -> str:
    declared: str = tiny_bids.participant(subject)["person_id"]
    return declared


def apart(registry: Registry) -> tuple[str, str]:
    """Two subjects whose persons are in different parts."""
    parts = splits.assignments(registry, splits.get(registry, "parts"))
    subjects = {who(subject): subject for subject in tiny_bids.SUBJECTS}
    train = next(person for person, part in sorted(parts.items()) if part == "train")
    test = next(person for person, part in sorted(parts.items()) if part == "test")
    return subjects[train], subjects[test]


def test_persons_merged_across_parts_are_a_leak_that_names_two_files(divided: Registry) -> None:
    a, b = apart(divided)
    links.confirm(divided, a, b, SEEN)
    (leak,) = leaks.check_split(divided, "parts")
    assert leak.kind == "person"
    assert {leak.first_part, leak.second_part} == {"train", "test"}
    assert {who(path.split("/")[0]) for path in (leak.first, leak.second)} == {who(a), who(b)}


def test_a_split_without_strata_divides_everybody(divided: Registry) -> None:
    made = splits.create(divided, "plain", "flair", splits.SplitRequest(stratify=()))
    assert len(splits.assignments(divided, made)) == 5


def test_a_split_whose_persons_were_merged_cannot_go_on_silently(divided: Registry) -> None:
    a, b = apart(divided)
    links.confirm(divided, a, b, SEEN)
    first, second = who(a), who(b)
    with pytest.raises(SplitError, match="are one person and cannot keep their parts") as error:
        splits.create(divided, "parts", "flair", splits.SplitRequest(seed=1))
    assert first in error.value.message
    assert second in error.value.message
    assert "new name" in error.value.hint
    with pytest.raises(SplitError, match="are one person"):
        snapshots.create(divided, "flair", "parts", parse_policy(["expert:e01"]))
    assert splits.create(divided, "fresh", "flair", splits.SplitRequest((0.5, 0.5, 0)))
    assert leaks.check_split(divided, "fresh") == []
    links.clear(divided, a, b, SEEN)
    assert leaks.check_split(divided, "parts") == []


def test_persons_merged_within_a_part_keep_it(divided: Registry) -> None:
    parts = splits.assignments(divided, splits.get(divided, "parts"))
    subjects = {who(subject): subject for subject in tiny_bids.SUBJECTS}
    first, second = [person for person, part in sorted(parts.items()) if part == "train"][:2]
    links.confirm(divided, subjects[first], subjects[second], SEEN)
    assert leaks.check_split(divided, "parts") == []
    made = splits.create(divided, "parts", "flair", splits.SplitRequest(seed=9))
    assert made.version == 2
    assert parts.items() <= splits.assignments(divided, made).items(), "every earlier assignment stands"


def test_a_frozen_cohort_is_judged_by_the_persons_of_today(divided: Registry) -> None:
    frozen = snapshots.create(divided, "flair", "parts", parse_policy(["expert:e01"]))
    assert leaks.check_snapshot(divided, frozen) == []
    a, b = apart(divided)
    links.confirm(divided, a, b, SEEN)
    assert {leak.kind for leak in leaks.check_snapshot(divided, frozen)} == {"person"}


@pytest.mark.parametrize(("field", "kind"), [("SeriesInstanceUID", "series"), ("StudyInstanceUID", "study")])
def test_one_series_in_two_parts_is_a_leak(divided: Registry, field: str, kind: str) -> None:
    a, b = apart(divided)
    paths = [tiny_bids.image_path(subject, "FLAIR", ".json") for subject in (a, b)]

    def write(tree: Path) -> None:
        for path in paths:
            tiny_bids.put_json(tree, path, {field: "5a17ed"})

    publish(divided, Change("import", "UIDs", replaces=frozenset(paths)), write)
    (leak,) = leaks.check_split(divided, "parts")
    assert (leak.kind, leak.key) == (kind, "5a17ed")
    assert {leak.first.split("/")[0], leak.second.split("/")[0]} == {a, b}


def finish_run(registry: Registry, run: str, snapshot_id: str, parent: str | None = None) -> None:
    record = {"run": run, "name": "demo", "status": "trained", "data": {"snapshot": snapshot_id}, "parent_run": parent,
              "model": {"initial_weights": {"run": parent} if parent else None}}  # fmt: skip
    path = f"{layout.RUNS}/{run}/run.json"
    publish(registry, Change("run", run), lambda tree: tiny_bids.put_json(tree, path, record))


def test_weights_that_have_seen_a_test_person_are_found_through_every_ancestor(divided: Registry) -> None:
    policy = parse_policy(["expert:e01"])
    frozen = snapshots.create(divided, "flair", "parts", policy)
    splits.create(divided, "other", "flair", splits.SplitRequest(seed=5, stratify=()))
    other = snapshots.create(divided, "flair", "other", policy)
    finish_run(divided, "r1", other.snapshot_id)
    finish_run(divided, "r2", frozen.snapshot_id, "r1")
    rank = {part: number for number, part in enumerate(PARTS)}
    before = {item.person: rank[str(item.part)] for item in other.samples}
    spoilt = {item.person for item in frozen.samples if before[item.person] < rank[str(item.part)]}
    assert spoilt, "the two splits differ"
    found = leaks.check_snapshot(divided, frozen, ["r2"])
    assert {leak.kind for leak in found} == {ANCESTOR}
    assert {leak.key for leak in found} == {"r1 (weights)"}
    assert leaks.check_snapshot(divided, frozen, []) == []


def test_an_ancestor_nobody_knows_is_refused(divided: Registry) -> None:
    frozen = snapshots.create(divided, "flair", "parts", parse_policy(["expert:e01"]))
    with pytest.raises(SplitError, match="run r9 is not on this machine"):
        leaks.check_snapshot(divided, frozen, ["r9"])
    finish_run(divided, "r8", "0" * 64)
    with pytest.raises(SplitError, match="cohort that run r8 learned from is not here"):
        leaks.check_snapshot(divided, frozen, ["r8"])


def test_split_check_exits_with_six_and_says_which_files(divided: Registry) -> None:
    a, b = apart(divided)
    links.confirm(divided, a, b, SEEN)
    command = [sys.executable, "-m", "registry", "--registry", str(divided.root), "split", "check", "parts", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 6
    (leak,) = json.loads(done.stdout)["leaks"]
    assert leak["kind"] == "person"
    assert a in leak["first"] + leak["second"]
