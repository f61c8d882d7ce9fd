"""Recognise what identifies a person in one text, by its form or by the field that holds it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from registry.privacy.kinds import Kind

_YEAR, _MONTH, _DAY = r"(?:19|20)\d\d", r"(?:0[1-9]|1[0-2])", r"(?:0[1-9]|[12]\d|3[01])"
_NAMED = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
_DATES = (
    rf"(?<!\d){_YEAR}-{_MONTH}-{_DAY}(?!\d)",
    rf"(?<![\w.-]){_YEAR}{_MONTH}{_DAY}(?:\d{{6}}(?:\.\d+)?)?(?![\w.-])",
    rf"(?<![\w./-]){_DAY}\.{_MONTH}\.{_YEAR}(?![\w.])",
    rf"(?<![\w./-])\d{{1,2}}/\d{{1,2}}/{_YEAR}(?![\w/])",
    rf"(?<![\w./-]){_YEAR}/{_MONTH}/{_DAY}(?![\w/])",
    rf"(?<!\w)\d{{1,2}}\.? {_NAMED}\.? {_YEAR}(?!\d)|(?<!\w){_NAMED}\.? \d{{1,2}},? {_YEAR}(?!\d)",
)
_FORMS = {
    Kind.DATE: re.compile("|".join(_DATES), re.I),
    # Six parts or more; 1.2.840.10008 are the standard's own UIDs, the same in every file.
    Kind.UID: re.compile(r"(?<![\d.])(?!1\.2\.840\.10008\.)[0-2](?:\.(?:0|[1-9]\d*)){5,}(?![\d.]*[A-Za-z])"),
    Kind.NAME: re.compile(r"(?<![\w^%])[^\W\d_][\w' -]*\^[^\W\d_][\w' -]*"),
    Kind.ABSOLUTE_PATH: re.compile(
        r"(?<![\w.:/~-])/(?:home|users|root|mnt|media|data|scratch|tmp|var|srv|opt|export|nas|work|volumes)/\w"
        r"|(?<!\w)[A-Za-z]:\\\w|(?<!\\)\\\\\w+\\|file:///\w",
        re.I,
    ),
    Kind.EMAIL: re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)*\.[A-Za-z]{2,}"),
}
_TIME_OF_DAY = re.compile(r"\s*(?:[01]?\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?\s*")
_SAID = {
    Kind.DATE: "a date or time",
    Kind.UID: "a UID that is not salted",
    Kind.NAME: "a name in DICOM's form",
    Kind.ABSOLUTE_PATH: "a path on somebody's machine",
    Kind.EMAIL: "an e-mail address",
}
_FIELDS = {
    Kind.NAME: re.compile(
        r"(?:other)?patient_?'?s?_?(?:name|ids?|identifier|birth\w*|address|comments|telephone\w*|mother\w*)|"
        r"(?:other)?patientids|\w*physicians?_?(?:of_?record|name|address)?\w*|\w*operators?_?name|accession_?number|"
        r"study_?id|birth_?name|(?:first|last|sur|family|given)_?name|institution(?:al)?_?address|medicalrecord\w*|"
        r"issuerofpatientid|social_?security\w*|mrn",
        re.I,
    ),
    Kind.DATE: re.compile(
        r"(?:\w+_)?date|date_?time|"
        r"(?:acquisition|acq|study|series|content|instancecreation|patientbirth|birth|scan|visit|exam|performed\w*)_?"
        r"(?:date|time|date_?time)|"
        r"dob|birth_?day|day_?of_?birth",
        re.I,
    ),
    Kind.DEVICE: re.compile(
        r"(?:device|detector|gantry)_?(?:serial_?number|id|uid)|station_?name|serial_?number", re.I
    ),
}
_TELLS = {
    Kind.NAME: "a field that says who was scanned, or by whom",
    Kind.DATE: "a field that says when",
    Kind.DEVICE: "a field that says on which single device",
}
_KEYED = frozenset({"SeriesInstanceUID", "StudyInstanceUID"})
_SALTED = re.compile(r"[0-9a-f]{64}")


def in_text(text: str) -> Iterator[tuple[Kind, str]]:
    """Kinds whose form the text holds, each with the words for a report."""
    for kind, form in _FORMS.items():
        if form.search(text) or (kind is Kind.DATE and _TIME_OF_DAY.fullmatch(text)):
            yield kind, _SAID[kind]


def in_field(name: str, value: str) -> Iterator[tuple[Kind, str]]:
    """Kinds that a field with a value tells, by its name or by its value."""
    filled = value.strip().lower() not in ("", "n/a", "none", "null")
    found = dict(in_text(value))
    if filled:
        for kind, field in _FIELDS.items():
            if field.fullmatch(name):
                found.setdefault(kind, _TELLS[kind])
    if name in _KEYED and not _SALTED.fullmatch(value):
        found[Kind.UID] = _SAID[Kind.UID]
    yield from found.items()


def in_path(path: str) -> Iterator[tuple[Kind, str]]:
    """Kinds that the name of a file or folder tells."""
    words = re.split(r"[/_\-]", path.partition(".")[0])
    if any(_FORMS[Kind.DATE].fullmatch(word) for word in words) or _FORMS[Kind.UID].search(path):
        yield Kind.DATE if not _FORMS[Kind.UID].search(path) else Kind.UID, "its path"
