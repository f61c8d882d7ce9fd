"""A manifest says one thing in one way: its id depends on its content and on nothing else."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry import manifests
from registry.errors import IntegrityError, InvalidInput, NotFound
from registry.files.canonical import gzip_bytes
from registry.manifests import PARTS, Exclusion, FileRef, Manifest, Sample, Truth, decode, encode

KNOWN = "1dff1297e297a945066f1f81ee4150773f61e500a1d0f36df3aa98ee4a0176b9"

words = st.text("abcdeXYZ-_0é ", min_size=1, max_size=8)
checksums = st.text("0123456789abcdef", min_size=64, max_size=64)
sizes = st.integers(0, 1 << 40)
optional = st.none() | words
refs = st.builds(FileRef, path=words, sha256=checksums, size=sizes)
truths = st.builds(
    Truth,
    path=words,
    sha256=checksums,
    size=sizes,
    role=st.sampled_from(["consensus", "expert"]),
    source=words,
    protocol=words,
    image=words,
    labels=st.dictionaries(st.integers(1, 300).map(str), words, max_size=2),
    use=st.sampled_from(["train", "evaluation"]),
)
samples = st.builds(
    Sample,
    sample=words,
    person=words,
    subject=words,
    session=optional,
    site=optional,
    scanner=optional,
    class_label=optional,
    part=st.none() | st.sampled_from(PARTS),
    images=st.dictionaries(words, refs, min_size=1, max_size=2),
    truths=st.lists(truths, max_size=3).map(tuple),
    unit=st.sampled_from(["session", "image"]),
)
whole = st.builds(
    Manifest,
    query=st.fixed_dictionaries({"name": words, "version": st.integers(1, 9)}),
    split=st.none() | st.fixed_dictionaries({"name": words}),
    target_policy=st.just({"order": []}),
    channels=st.lists(words, max_size=2).map(tuple),
    labels=st.just({"0": "background"}),
    samples=st.lists(samples, max_size=3).map(tuple),
    excluded=st.lists(st.builds(Exclusion, unit=words, reason=words, detail=words), max_size=2).map(tuple),
    licences=st.lists(words, max_size=1).map(tuple),
    schema=st.just(manifests.SCHEMA),
)


@given(whole)
def test_a_manifest_is_read_back_with_its_id(manifest: Manifest) -> None:
    again = decode(encode(manifest))
    assert again == manifest
    assert again.snapshot_id == manifest.snapshot_id
    assert encode(again) == encode(manifest)


@given(whole, whole)
def test_other_content_has_another_id(one: Manifest, other: Manifest) -> None:
    assert (one == other) == (one.snapshot_id == other.snapshot_id)


def small(**changes: object) -> Manifest:
    ref = FileRef("a.nii.gz", "0" * 64, 1)
    sample = Sample("s", "P1", "sub-1", None, None, None, None, None, {"FLAIR": ref})
    base = Manifest({"name": "q", "version": 1}, None, {"order": []}, ("FLAIR",), {"0": "background"}, (sample,))
    return replace(base, **changes)  # type: ignore[arg-type]


def test_the_id_of_a_known_manifest_never_changes() -> None:
    """A published id must stay true; a new field of the schema would change every id ever cited."""
    assert small(schema="cohortium/snapshot/1").snapshot_id == KNOWN


def test_a_file_under_its_own_id_is_read(tmp_path: Path) -> None:
    place = tmp_path / f"{small().snapshot_id}.json.gz"
    place.write_bytes(encode(small()))
    assert manifests.read(place) == small()


def test_a_manifest_changed_after_it_was_frozen_is_refused(tmp_path: Path) -> None:
    raw = json.loads(gzip.decompress(encode(small())))
    raw["samples"][0]["person"] = "P2"
    place = tmp_path / f"{small().snapshot_id}.json.gz"
    place.write_bytes(gzip_bytes(json.dumps(raw).encode()))
    with pytest.raises(IntegrityError, match="was changed after it was frozen"):
        manifests.read(place)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b"\x1f\x8bdamaged",
        encode(small())[:-9],
        b'{"schema": "cohortium/snapshot/1"}',
        b"\xff\xfe",
        b"[" * 100_000,
    ],
)
def test_what_is_no_manifest_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidInput, match="not a snapshot manifest"):
        decode(data)


def test_a_damaged_byte_is_found(tmp_path: Path) -> None:
    packed = bytearray(encode(small()))
    packed[len(packed) // 2] ^= 0xFF
    place = tmp_path / f"{small().snapshot_id}.json.gz"
    place.write_bytes(packed)
    with pytest.raises((InvalidInput, IntegrityError)):
        manifests.read(place)


def test_a_manifest_of_another_schema_says_which(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="schema 'cohortium/snapshot/99'"):
        decode(encode(small(schema="cohortium/snapshot/99")))


def test_what_a_later_version_freezes_is_told_and_not_misread() -> None:
    """Several days, boxes and links have their places in schema 2; this version reads masks of one day."""
    for change, what in (
        ({"views": [{}, {}]}, "2 views"),
        ({"truths": [{"kind": "boxes"}]}, "truths of the kind boxes"),
    ):
        raw = json.loads(gzip.decompress(encode(small())))
        raw["samples"][0] |= change
        with pytest.raises(InvalidInput, match=f"Sample 's' has {what}, which this version does not read"):
            decode(json.dumps(raw).encode())


def test_an_absent_manifest_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no snapshot at"):
        manifests.read(tmp_path / "0.json.gz")
