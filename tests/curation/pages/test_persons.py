"""The page of persons: pairs told in words, seen side by side, decided with a reason."""

from __future__ import annotations

import json

import pytest
from streamlit.testing.v1 import AppTest
from typer.testing import CliRunner

from curation.cli.persons import persons_app
from curation.persons import links, pairs
from curation.persons.links import LinkDecision
from curation.persons.work import SEARCH
from registry.cli.console import GlobalOptions
from registry.cohorts import persons
from registry.cohorts.persons import CLEARED, SAME, SUSPECTED
from registry.store import Registry
from registry.work.rows import FINISHED
from tests.support.app import app_imports
from tests.support.app.pages import button, open_page, texts
from tests.support.app.person_links import suspect

A, B = "sub-A001", "sub-A002"


@pytest.fixture
def suspected(writable: Registry) -> Registry:
    """A registry in which two subjects wait for a decision."""
    suspect(writable, A, B, "FLAIR images alike to 0.91 after alignment; sex F and F")
    return writable


def opened(registry: Registry) -> AppTest:
    test = open_page(registry, "persons")
    assert not test.exception
    return test


def test_without_subjects_it_says_what_to_do(bare: Registry) -> None:
    assert "Bring a delivery in first" in texts(opened(bare))


def test_without_pairs_it_says_what_to_do(full: Registry) -> None:
    test = opened(full)
    assert "No pair waits for a decision" in texts(test)
    rows = test.dataframe[-1].value
    assert [(row["Person"], row["Subjects"]) for _, row in rows.iterrows()] == [("P000", "sub-A000, sub-B006")]


def test_a_pair_is_told_in_words_and_seen(suspected: Registry) -> None:
    test = opened(suspected)
    said = texts(test)
    assert "FLAIR images look alike: 0.91" in said
    assert "MS" in said
    assert "differs" in said
    assert "alike to" in said
    assert "1 pair to decide" in said
    assert "1 is the same image" in said


def test_neither_answer_is_the_first(suspected: Registry) -> None:
    """Both buttons look alike."""
    test = opened(suspected)
    assert {button(test, name).proto.type for name in ("One person", "Two persons")} == {"secondary"}  # type: ignore[attr-defined]


def test_what_contradicts_one_person_is_in_sight(full: Registry) -> None:
    """sub-A000 is 30 years old, sub-B005 35; the sexes agree."""
    said = texts(open_page(full, "persons", a="sub-A000", b="sub-B005")).replace("\\", "")
    assert "Age at baseline, as stated, differs: 30 years and 35 years." in said
    assert "Sex, as stated" not in said


def test_a_decision_needs_a_reason(suspected: Registry) -> None:
    test = button(opened(suspected), "One person").click().run()
    assert "needs a reason" in test.error[0].value
    assert [link.kind for link in links.list_links(suspected)] == [SUSPECTED]


@pytest.mark.parametrize(("pressed", "kind"), [("One person", SAME), ("Two persons", CLEARED)])
def test_a_decision_counts(suspected: Registry, monkeypatch: pytest.MonkeyPatch, pressed: str, kind: str) -> None:
    monkeypatch.setenv("COHORTIUM_ACTOR", "r01")
    test = opened(suspected)
    test.text_input(key=f"why {A} {B}").set_value("same sulci")
    test = button(test, pressed).click().run()
    assert not test.exception
    (link,) = links.list_links(suspected)
    assert (link.kind, link.reviewer, link.reason) == (kind, "r01", "same sulci")
    people = persons.people(suspected)
    assert (people.person(A) == people.person(B)) is (kind == SAME)
    assert "No pair waits for a decision" in texts(test)


def test_a_contradiction_is_a_sentence(writable: Registry) -> None:
    """A = B and B = C are decided; A and C cannot be two persons."""
    links.confirm(writable, A, B, LinkDecision("same"))
    links.confirm(writable, B, "sub-B003", LinkDecision("same"))
    test = open_page(writable, "persons", a=A, b="sub-B003")
    test.text_input(key=f"why {A} sub-B003").set_value("other ventricles")
    test = button(test, "Two persons").click().run()
    assert "cannot be two persons" in test.error[0].value


def test_any_two_subjects_can_be_compared(full: Registry) -> None:
    test = open_page(full, "persons", a="sub-B003", b="sub-A000")
    assert "Nobody has proposed this pair." in texts(test)
    test.selectbox(key="pair_b").set_value("sub-B003").run()
    assert "Choose two different subjects." in texts(test)
    assert not test.exception


def test_looking_finds_what_shares_bytes(writable: Registry) -> None:
    test = button(opened(writable), "Look for new pairs").click().run()
    assert app_imports.ended(writable, SEARCH).state == FINISHED
    test = test.run()
    assert not test.exception
    waiting = links.list_links(writable, SUSPECTED)
    assert (f"{len(waiting)} new pair" in texts(test)) if waiting else ("Compared 7 subjects" in texts(test))


def test_the_command_shows_a_pair(suspected: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(GlobalOptions, "registry", suspected.root)
    done = CliRunner().invoke(persons_app, ["show", B, A, "--json"])
    shown = json.loads(done.stdout)
    assert shown["link"]["method"] == "fingerprint"
    assert "0.91" in shown["evidence"]
    assert {fact["what"] for fact in shown["facts"]} >= {"Sex", "Visits"}
    assert shown["crossings"] == [item.to_json() for item in pairs.crossings(suspected, B, A)]
    assert CliRunner().invoke(persons_app, ["show", A, B]).exit_code == 0
