"""Recipes: every file in `datasets/` loads, says what users must know, and names an importer that exists."""

from __future__ import annotations

from pathlib import Path

import pytest

from curation import recipes
from curation.importers import importers
from curation.importers.patterns import rules
from registry.errors import InvalidInput, NotFound
from tests.support import ROOT

GENERIC = {"bids", "decathlon", "dicom"}


@pytest.mark.parametrize("name", recipes.known())
def test_every_recipe_loads_and_names_an_importer_that_exists(name: str) -> None:
    recipe = recipes.load(name)
    assert recipe.name == name
    assert recipe.importer in importers()
    assert recipe.title
    assert recipe.traps


@pytest.mark.parametrize("name", sorted(set(recipes.known()) - GENERIC))
def test_a_cohort_states_licence_citation_and_expected_counts(name: str) -> None:
    recipe = recipes.load(name)
    assert recipe.licence
    assert recipe.expected["subjects"] > 0
    assert any(mark in recipe.citation for mark in ("doi:", "arXiv:", "unpublished", "no paper"))


def test_no_two_cohorts_share_a_protocol_or_a_prefix_of_subjects() -> None:
    """Equal protocols would mix their raters, equal prefixes their persons."""
    cohorts = [recipes.load(name) for name in recipes.known() if name not in GENERIC]
    for words in ([it.protocol for it in cohorts], [it.subject_prefix for it in cohorts]):
        named = [word for word in words if word]
        assert len(named) == len(set(named))


@pytest.mark.parametrize("name", [name for name in recipes.known() if recipes.load(name).importer == "patterns"])
def test_the_rules_of_a_recipe_by_patterns_are_sound(name: str) -> None:
    read = rules.read(recipes.load(name))
    known = {*recipes.load(name).channels.values()}
    assert {channel for rule in read.masks for channel in rule.on} | set(read.complete) <= known
    assert any("verified" in trap or "Layout" in trap or "BIDS has no" in trap for trap in recipes.load(name).traps)


def test_an_unknown_recipe_names_those_there_are() -> None:
    with pytest.raises(NotFound, match="no recipe 'adni'") as caught:
        recipes.load("adni")
    assert "msd-hippocampus" in caught.value.hint


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('name = "x"\ntitle = "X"\nimporter = "bids"\ncolour = 3', "key 'colour' is not known"),
        (
            'name = "x"\ntitle = "X"\nimporter = "bids"\nlicense = "CC0"',
            "'license' is not known. Did you mean 'licence'",
        ),
        ('name = "x"\ntitle = "X"\nimporter = "bids"\nclass_label = "MS"', "Did you mean 'class'"),
        ('name = "x"\ntitle = "X"\nimporter = "bids"\n[sites]\na = "Paris"', "'sites.a' must be a table, got 'Paris'"),
        ('name = "x"\ntitle = "X"\nimporter = "bids"\n[[raters]]\nrole = "e"', r"'raters \(entry 1\).code' is missing"),
        ('name = "x"', "The key 'title' is missing.\nThe key 'importer' is missing."),
        ('name = "x"\ntitle = "X"\nimporter = "bids"\n[labels]\none = "a"', "key 'labels.one' must be a whole number"),
        ("name = ", "x.toml is not valid TOML"),
    ],
)
def test_a_bad_recipe_is_refused_with_a_sentence(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "x.toml").write_text(text)
    with pytest.raises(InvalidInput, match=message) as caught:
        recipes.load("x", tmp_path)
    assert "docs/recipes.md" in caught.value.hint


def test_the_guide_lists_every_recipe() -> None:
    guide = (ROOT / "docs/recipes.md").read_text()
    assert [name for name in recipes.known() if f"`{name}`" not in guide] == []


def test_the_guide_s_example_is_a_recipe(tmp_path: Path) -> None:
    guide = (ROOT / "docs/recipes.md").read_text()
    (tmp_path / "example.toml").write_text(guide.partition("```toml\n")[2].partition("```")[0])
    assert rules.read(recipes.load("example", tmp_path)).masks[0].on == ("FLAIR",)


OWN = 'name = "{name}"\ntitle = "Mine"\nimporter = "bids"\ntraps = []\n'


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("gm-challenge", "calls itself 'gm-challenge', which is a recipe that comes with Cohortium"),
        ("../up", "cannot name reports"),
        ("My MS", "cannot name reports"),
    ],
)
def test_a_recipe_of_the_user_s_own_has_a_name_of_its_own(tmp_path: Path, name: str, message: str) -> None:
    (tmp_path / "mine.toml").write_text(OWN.format(name="my-ms"))
    assert recipes.load(str(tmp_path / "mine.toml")).title == "Mine"
    (tmp_path / "mine.toml").write_text(OWN.format(name=name))
    with pytest.raises(InvalidInput, match=message):
        recipes.load(str(tmp_path / "mine.toml"))
    with pytest.raises(NotFound, match=r"no recipe at .*other\.toml"):
        recipes.load(str(tmp_path / "other.toml"))
