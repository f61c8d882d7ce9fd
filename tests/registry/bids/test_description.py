"""Every dataset the program writes is described in one form."""

from __future__ import annotations

from registry import __version__
from registry.bids.description import dataset_description, generated_by


def test_a_raw_dataset_names_its_program_and_no_links() -> None:
    assert dataset_description("mine") == {
        "Name": "mine",
        "BIDSVersion": "1.11.1",
        "DatasetType": "raw",
        "GeneratedBy": [{"Name": "Cohortium", "Version": __version__}],
    }


def test_a_derivative_has_links_and_states_what_it_is_given() -> None:
    found = dataset_description(
        "masks", {"raw": "file:../.."}, GeneratedBy=[generated_by("run r")], License=None, HEDVersion="8.3.0"
    )
    assert (found["DatasetType"], found["DatasetLinks"]) == ("derivative", {"raw": "file:../.."})
    assert found["GeneratedBy"] == [{"Name": "Cohortium", "Version": __version__, "Description": "run r"}]
    assert found["HEDVersion"] == "8.3.0"
    assert "License" not in found
