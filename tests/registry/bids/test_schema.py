"""The standard's terms in the repository are those of the schema that is installed."""

from __future__ import annotations

import re

from registry.bids import generator, schema


def test_the_file_is_current() -> None:
    """After an update of bidsschematools: `python -m registry.bids.generator`."""
    assert schema.PLACE.read_bytes() == generator.generate()


def test_terms_have_the_kinds_that_the_standard_states() -> None:
    terms = schema.read()
    assert terms.entities[:2] == ["sub", "ses"]
    assert terms.entities.index("space") < terms.entities.index("label") < terms.entities.index("desc")
    assert {"T1w", "FLAIR", "MP2RAGE"} <= set(terms.suffixes["anat"])
    assert {"EchoTime", "SliceTiming"} <= set(terms.numbers)
    assert terms.numbers["FlipAngle"] == {"shape": "either", "exclusiveMinimum": 0, "maximum": 360, "unit": "degree"}
    assert "MTState" in terms.flags
    assert terms.choices["MRAcquisitionType"] == ["1D", "2D", "3D"]
    assert all(re.fullmatch(r"[a-z]+", name) for name in terms.datatypes)


def test_fields_belong_to_the_data_types_whose_files_they_describe() -> None:
    fields = schema.read().fields
    assert set(fields) == {"anat", "dwi", "fmap", "func", "perf"}
    assert all("EchoTime" in names for names in fields.values())
    assert {datatype for datatype, names in fields.items() if "M0Estimate" in names} == {"perf"}
    assert {datatype for datatype, names in fields.items() if "FrameAcquisitionDuration" in names} == {"func"}
    assert {datatype for datatype, names in fields.items() if "EchoTime2" in names} == {"fmap"}
    assert not any("EEGReference" in names for names in fields.values())
