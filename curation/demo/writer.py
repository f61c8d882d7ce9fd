"""Write the planned cohort as BIDS: raw root and `derivatives/manual-mslesion`."""

from __future__ import annotations

from pathlib import Path

from curation.demo import texts
from curation.demo.atlas import load_atlas
from curation.demo.cohort import DEFAULT_PERSONS, DEFAULT_SEED, Cohort, PlannedSubject, PlannedVisit, plan
from curation.demo.imaging import Exposure, HeadGrid, Studio, expose, look, mask, person_fields
from curation.demo.scanners import Sequence
from registry.bids import names
from registry.bids.table_keys import DESCRIPTIONS, PARTICIPANTS, SESSIONS
from registry.errors import UsageError
from registry.files.canonical import readable_json, sha256_bytes, tsv_bytes
from registry.files.progress import Progress
from registry.files.volumes import Array, encode

DERIVATIVE = f"derivatives/manual-{texts.PROTOCOL}"


def generate(
    into: Path, *, seed: int = DEFAULT_SEED, persons: int = DEFAULT_PERSONS, progress: Progress | None = None
) -> None:
    """Write a complete, valid BIDS tree of a synthetic MS cohort into an empty folder.

    Equal arguments give equal bytes; nothing is downloaded. The first person is present twice: a re-scan at another
    centre.

    Args:
        into: an empty or absent folder, which becomes the raw root.
        seed: of every random stream.
        persons: number of human beings; there is one subject more.
        progress: called with (sessions done, sessions in all, what comes next).

    Raises:
        UsageError: the folder is not empty, or the numbers are out of range.
    """
    cohort = plan(seed, persons)
    _require_empty(into)
    _write_tables(cohort, into)
    studio = Studio(load_atlas())
    total = sum(len(subject.visits) for subject in cohort.subjects)
    done = 0
    for subject in cohort.subjects:
        fields = person_fields(seed, studio.atlas, subject.person)
        for visit in subject.visits:
            if progress:
                progress(done, total, f"sub-{subject.subject_id} ses-{visit.session}")
            _Session(seed, subject, visit, into).write(studio, fields)
            done += 1
    if progress:
        progress(done, total, "cohort written")


def _require_empty(folder: Path) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{folder} is not an empty folder.", "Name a new folder; nothing is overwritten.")


class _Session:
    """The files of one session."""

    def __init__(self, seed: int, subject: PlannedSubject, visit: PlannedVisit, into: Path) -> None:
        self.seed, self.subject, self.visit, self.into = seed, subject, visit, into

    def write(self, studio: Studio, fields: tuple[Array, Array]) -> None:
        """Write both images, then the readings of the FLAIR."""
        scanner = self.visit.scanner
        view, digest = self._image(studio, scanner.flair, fields)
        self._image(studio, scanner.t1w, fields)
        for number in range(len(self.visit.readings)):
            self._mask(studio, number, view, (fields[1], digest))

    def _name(self, suffix: str) -> names.BidsName:
        return names.name(suffix, sub=self.subject.subject_id, ses=self.visit.session)

    def _image(self, studio: Studio, sequence: Sequence, fields: tuple[Array, Array]) -> tuple[HeadGrid, str]:
        view = look(studio.atlas, self.subject.person, self.visit, sequence)
        volume = expose(studio, Exposure(self.seed, self.subject, self.visit, sequence), view, fields)
        content = encode(volume.data, volume.affine_ras)
        name = self._name(sequence.suffix)
        _write(self.into / name.path, content)
        _write(self.into / name.sidecar.path, readable_json(texts.image_sidecar(self.visit, sequence)))
        return view, sha256_bytes(content)

    def _mask(self, studio: Studio, number: int, view: HeadGrid, wobble_and_digest: tuple[Array, str]) -> None:
        wobble, image_digest = wobble_and_digest
        reading = self.visit.readings[number]
        drawn = mask(studio, reading.blobs, view, wobble)
        content = encode(drawn, view.affine_ras)
        image = self._name("FLAIR")
        name = names.mask_name(image, desc=reading.rater.code)
        digests = (image_digest, sha256_bytes(content))
        sidecar = texts.mask_sidecar(reading.rater, str(image.path), digests, not drawn.any())
        _write(self.into / DERIVATIVE / name.path, content)
        _write(self.into / DERIVATIVE / name.sidecar.path, readable_json(sidecar))


def _write_tables(cohort: Cohort, into: Path) -> None:
    manual = into / DERIVATIVE
    _write(into / "dataset_description.json", readable_json(texts.RAW_DESCRIPTION))
    _write(into / "README", texts.README.encode())
    _write(into / "CHANGES", texts.CHANGES.encode())
    _write(into / "participants.tsv", tsv_bytes(map(_participant_row, cohort.subjects), PARTICIPANTS))
    _write(into / "participants.json", readable_json(texts.PARTICIPANT_WORDS))
    _write(into / "sessions.json", readable_json(texts.SESSION_WORDS))
    for subject in cohort.subjects:
        folder = into / f"sub-{subject.subject_id}"
        rows = [_session_row(visit) for visit in subject.visits]
        _write(folder / f"{folder.name}_sessions.tsv", tsv_bytes(rows, SESSIONS))
    _write(manual / "dataset_description.json", readable_json(texts.MANUAL_DESCRIPTION))
    _write(manual / "README", texts.MANUAL_README.encode())
    _write(manual / "descriptions.tsv", tsv_bytes(texts.rater_rows(), DESCRIPTIONS))
    _write(manual / "descriptions.json", readable_json(texts.RATER_WORDS))


def _participant_row(subject: PlannedSubject) -> dict[str, object]:
    person = subject.person
    return {
        "participant_id": f"sub-{subject.subject_id}",
        "person_id": person.person_id,
        "species": "homo sapiens",
        "age": person.age,
        "sex": person.sex,
        "class": person.group,
        "diagnosis": person.diagnosis,
        "radiological_status": person.status,
    }


def _session_row(visit: PlannedVisit) -> dict[str, object]:
    return {
        "session_id": f"ses-{visit.session}",
        "days_from_baseline": visit.days_from_baseline,
        "site": visit.scanner.site,
        "scanner": visit.scanner.code,
    }


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("xb") as stream:
        stream.write(content)
