"""Recognise what identifies a person in one text, by the text's form or by the field that holds it."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterator
from functools import lru_cache

from registry.bids.filenames import strip_extension
from registry.privacy.kinds import Kind

_YEAR, _MONTH, _DAY = r"(?:19|20)\d\d", r"(?:0[1-9]|1[0-2])", r"(?:0[1-9]|[12]\d|3[01])"
_NUMBERED, _OF_MONTH = r"(?:0?[1-9]|1[0-2])", r"(?:0?[1-9]|[12]\d|3[01])"
_NAMED = (
    r"(?:jan|feb|f[ée]v|mar|mär|mrz|apr|avr|may|mai|jun|juin|jul|juil|aug|août|sep|oct|okt|nov|dec|dez|déc)[^\W\d_]*"
)
_DATES = (
    rf"(?<!\d){_YEAR}-{_NUMBERED}-{_OF_MONTH}(?!\d)",
    rf"(?<![\w.-]){_YEAR}{_MONTH}{_DAY}(?:\d{{6}}(?:\.\d+)?)?(?![\w.-])",
    rf"(?<![\w./-]){_OF_MONTH}\.{_NUMBERED}\.{_YEAR}(?![\w.])",
    rf"(?<![\w./-])(?:{_OF_MONTH}-{_NUMBERED}|{_NUMBERED}-{_OF_MONTH})-{_YEAR}(?![\w/-])",
    rf"(?<!\d){_YEAR}_{_NUMBERED}_{_OF_MONTH}(?!\d)",
    rf"(?<![\w./-])\d{{1,2}}/\d{{1,2}}/{_YEAR}(?![\w/])",
    rf"(?<![\w./-]){_YEAR}/{_NUMBERED}/{_OF_MONTH}(?![\w/])",
    rf"(?<![^\W_])\d{{1,2}}(?:\. ?|[ -]?){_NAMED}[. -]{{0,2}}{_YEAR}(?!\d)",
    rf"(?<![^\W_]){_NAMED}\.? \d{{1,2}},? {_YEAR}(?!\d)",
)
_LIKE_DATES = (
    rf"(?<![\w./-]){_DAY}\.{_MONTH}\.\d\d(?![\w.])|(?<![\w./-])\d\d[./]\d\d[./]\d\d(?![\w./])",
    rf"(?<![\w./-]){_YEAR}-{_MONTH}(?![\w/-])",
    rf"(?<![^\W_]){_NAMED}\.? {_YEAR}(?!\d)",
    rf"(?<![A-Za-z\d.]){_YEAR}{_MONTH}{_DAY}(?![A-Za-z\d.])",
)
_FORMS = {
    Kind.DATE: re.compile("|".join(_DATES), re.I),
    Kind.DATE_LIKE: re.compile("|".join(_LIKE_DATES), re.I),
    Kind.TITLED: re.compile(
        r"(?<!\w)(?:[Dd]r|[Pp]rof|Professor|Doctor|Mr|Mrs|Ms|Herr|Frau|Mme|Dott)\.?(?: med\.?)? ?(?<=[. ])[A-Z][\w'-]+"
        r"|(?<!\w)(?:[Pp]atient|[Ss]ubject|[Oo]perator|[Tt]echnician|[Rr]adiologist|[Pp]hysician|[Nn]ame[ds]?)"
        r":? [A-Z][a-z'-]+,? [A-Z][a-z'-]+"
        r"|(?<!\w)[Bb]orn (?:on|in)? ?\d"
    ),
    # Six parts or more; 1.2.840.10008 are the standard's own UIDs, the same in every file.
    Kind.UID: re.compile(r"(?<![\d.])(?!1\.2\.840\.10008\.)[0-2](?:\.(?:0|[1-9]\d*)){5,}(?![\d.]*[A-Za-z])"),
    Kind.NAME: re.compile(r"(?<![\w^%])[^\W\d_][\w' -]*\^[^\W\d_][\w' -]*"),
    Kind.ABSOLUTE_PATH: re.compile(
        r"(?<![\w.:/~-])/(?:home|users|root|mnt|media|data|scratch|tmp|var|srv|opt|export|nas|work|volumes)/\w"
        r"|(?<!\w)[A-Za-z]:\\\w|(?<!\\)\\\\\w+\\|file:///\w",
        re.I,
    ),
    Kind.EMAIL: re.compile(r"[\w.+-]+@(?!\d+\.(?:json|tsv)\b)[\w-]+(?:\.[\w-]+)*\.[A-Za-z]{2,}"),
}
_TIME_OF_DAY = re.compile(r"\s*(?:[01]?\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?\s*")
_PLAIN = re.compile(r"-?\d{0,7}(?:\.\d+)?(?:e[+-]?\d+)?|[0-9a-f]{64}|[A-Za-z]+")
"""Most values of a registry: short numbers, checksums, single words. None of the forms can match them."""
_FORM_WORDS = {
    Kind.DATE: "a date or time",
    Kind.DATE_LIKE: "what looks like a date",
    Kind.TITLED: "what looks like a person's name",
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
_FIELD_WORDS = {
    Kind.NAME: "a field that says who was scanned, or by whom",
    Kind.DATE: "a field that says when",
    Kind.DEVICE: "a field that says on which single device",
}
_DAYS = re.compile(rf"(?<!\d)({_YEAR}{_MONTH}{_DAY})(?:\d{{6}})?(?!\d)")
_TITLE = re.compile(r"(?<![A-Z])(?:Dr|Prof|Mrs|Mr|Herr|Frau)[A-Z][a-z]+")
_HASHED = re.compile(r"(?=.*[A-F])[0-9A-F]{10}")
"""A pseudonym as DICOM imports make it (`curation.dicom.pseudonyms`); one in many thousands looks like a date."""
_A_TITLE = "a title with a name"
_KEYED = frozenset({"SeriesInstanceUID", "StudyInstanceUID"})
_SALTED = re.compile(r"[0-9a-f]{64}")


@lru_cache(maxsize=1 << 15)
def in_text(text: str) -> tuple[tuple[Kind, str], ...]:
    """Kinds whose form a text holds, each with the words for a report."""
    if _PLAIN.fullmatch(text):
        return ()
    found = {kind: _FORM_WORDS[kind] for kind, form in _FORMS.items() if form.search(text)}
    if _TIME_OF_DAY.fullmatch(text):
        found[Kind.DATE] = _FORM_WORDS[Kind.DATE]
    if Kind.DATE in found:
        found.pop(Kind.DATE_LIKE, None)
    return tuple(found.items())


def find_trace(text: str) -> str:
    """Words for the first trace of a person in a text; empty where there is none."""
    return next((words for _, words in in_text(text)), "")


def in_name(name: str) -> Iterator[tuple[Kind, str]]:
    """Kinds that fields of this name hold, each with the words for a report."""
    for kind, field in _FIELDS.items():
        if field.fullmatch(name):
            yield kind, _FIELD_WORDS[kind]


@lru_cache(maxsize=1 << 16)
def in_field(name: str, value: str) -> tuple[tuple[Kind, str], ...]:
    """Kinds that a field holds, by its name or by its value, each with the words for a report."""
    found = dict(in_text(value))
    if value.strip().lower() not in ("", "n/a", "none", "null"):
        found = {**dict(in_name(name)), **found}
    if name in _KEYED and not _SALTED.fullmatch(value):
        found[Kind.UID] = _FORM_WORDS[Kind.UID]
    return tuple(found.items())


def in_path(path: str) -> Iterator[tuple[Kind, str]]:
    """Kinds that the path of a file or folder holds, each with the words for a report."""
    if _FORMS[Kind.UID].search(path):
        yield Kind.UID, "its path"
    elif (trace := in_labels(path)) or any(Kind.DATE in dict(in_text(part)) for part in path.split("/")):
        yield Kind.TITLED if trace == _A_TITLE else Kind.DATE, "its path"


def in_label(label: str) -> str:
    """Words for the trace in a label of a file name: a date of eight digits, or a title with a name; else empty."""
    if _HASHED.fullmatch(label):
        return ""
    days = (int(digits[6:8]) <= monthrange(int(digits[:4]), int(digits[4:6]))[1] for digits in _DAYS.findall(label))
    if any(days):
        return "a calendar date"
    return _A_TITLE if _TITLE.search(label) else ""


def in_labels(path: str) -> str:
    """Words for the first trace in a path's labels, as `in_label`; suffix and extension are not labels."""
    parts = (part.partition("-") for part in re.split(r"[/_]", strip_extension(path)))
    return next((trace for _, dash, label in parts if dash and (trace := in_label(label))), "")
