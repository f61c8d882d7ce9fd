"""The naming rules of a recipe: series description and sequence parameters -> a BIDS name, or a reason to leave it out.

Rules are data (`[[options.rules]]` in `datasets/dicom.toml`), tried in order; the first that fits decides.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import partial

from curation.dicom.codes import Code, about
from curation.dicom.read.instances import Protocol
from curation.dicom.sort.stacks import Stack
from curation.recipes import Recipe, make_error
from registry.bids.names import ENTITY_ORDER
from registry.files.settings import Settings, read_settings
from registry.vocabulary.findings import Finding

Span = tuple[float, float]


@dataclass(frozen=True)
class Rule(Settings):
    """One rule.

    Attributes:
        match: searched in the description, then the protocol's name, then the sequence's; words in lower case, parted
            by spaces. None fits every text.
        image: data type and suffix, `anat/T1w`; empty where the rule leaves series out.
        leave_out: why such series are left out, a sentence.
        needs: parameters that must be stated and lie in their span, or the rule does not fit.
        within: parameters that, where stated, lie in their span, or the name is unsure.
        volumes: least number of volumes.
        sure: False for rules that guess.
    """

    match: re.Pattern[str] | None = None
    image: str = ""
    leave_out: str = ""
    needs: Mapping[str, Span] = field(default_factory=dict)
    within: Mapping[str, Span] = field(default_factory=dict)
    volumes: int = 1
    sure: bool = True


@dataclass(frozen=True)
class Label(Settings):
    """How one entity gets its label: patterns by label, for some data types, and what to write where none fits."""

    datatypes: tuple[str, ...]
    labels: Mapping[str, re.Pattern[str]]
    default: str | None = None


@dataclass(frozen=True)
class Contrast(Settings):
    """Words of a description, as patterns."""

    after: re.Pattern[str]
    before: re.Pattern[str]


@dataclass(frozen=True)
class Rules(Settings):
    """All rules of a recipe.

    Attributes:
        rules: tried in order.
        contrast: words for an image after contrast agent, and for one before it.
        agents: a `ce` label to the pattern of its brand names, in capitals or not.
        entities: a BIDS entity to how it gets its label.
    """

    rules: tuple[Rule, ...]
    contrast: Contrast
    agents: Mapping[str, re.Pattern[str]]
    entities: Mapping[str, Label] = field(default_factory=dict)


@dataclass(frozen=True)
class Proposal:
    """A name without subject and session, `anat/ce-gadolinium_T1w` in parts; `image` is empty where there is none."""

    image: str
    entities: Mapping[str, str]
    findings: tuple[Finding, ...]

    def name(self, **more: str) -> str:
        """The name as plans show it, with more entities."""
        datatype, _, suffix = self.image.partition("/")
        entities = {**self.entities, **more}
        parts = [f"{key}-{entities[key]}" for key in ENTITY_ORDER if key in entities]
        return f"{datatype}/{'_'.join([*parts, suffix])}" if self.image else ""


def read(recipe: Recipe) -> Rules:
    """The rules of a recipe.

    Raises:
        InvalidInput: a rule with an unknown key, or a pattern that is no regular expression.
    """
    names = [item.name for item in fields(Rules)]
    told = {name: recipe.options[name] for name in names if name in recipe.options}  # beside it lie plan and people
    return read_settings(Rules, told, "options", partial(make_error, recipe.name))


def propose(rules: Rules, stack: Stack) -> Proposal:
    """What the rules say of one stack."""
    protocol = stack.first.protocol
    for number, said in enumerate((protocol.description, protocol.protocol, protocol.sequence)):
        for rule in rules.rules:
            if said and _fits(rule, plain_words(said), stack):
                return _apply(rules, rule, stack, weak=number == 2)
    said = "No rule gives this series a BIDS name."
    return Proposal("", {}, (about(Code.NO_RULE, said, stack.key),))


def plain_words(text: str) -> str:
    """Lower case, words parted by single spaces; `+`, `*` and `=` stay."""
    return " ".join(re.sub(r"[^a-z0-9+*=]+", " ", text.lower()).split())


def _apply(rules: Rules, rule: Rule, stack: Stack, *, weak: bool) -> Proposal:
    if rule.leave_out:
        return Proposal("", {}, (about(Code.LEFT_OUT_BY_RULE, rule.leave_out, stack.key),))
    protocol, datatype = stack.first.protocol, rule.image.partition("/")[0]
    entities, findings = _contrast(rules, stack) if datatype == "anat" else ({}, [])
    guessed = []
    for entity, label in rules.entities.items():
        if datatype in label.datatypes and (found := _label_of(label, protocol)):
            entities[entity] = found
            guessed += [f"{entity} is named: write it in place of '{found}'"] if found == label.default else []
    if protocol.part != "mag":
        entities["part"] = protocol.part
    against = [name for name, span in rule.within.items() if not _inside(protocol, name, span, default=True)]
    if weak or not rule.sure or against or guessed:
        findings.append(about(Code.UNSURE_NAME, _doubt(against, guessed), stack.key))
    return Proposal(rule.image, entities, tuple(findings))


def _doubt(against: Sequence[str], guessed: Sequence[str]) -> str:
    if against:
        return f"The sequence parameters speak against this name: {', '.join(against)}."
    if guessed:
        return f"No {', no '.join(guessed)}, then set Keep to yes."
    return "The rule that gives this name is a guess."


def _contrast(rules: Rules, stack: Stack) -> tuple[dict[str, str], list[Finding]]:
    """The entity `ce`, from the agent that the header states and the words of the description."""
    protocol = stack.first.protocol
    said = plain_words(f"{protocol.description} {protocol.protocol}")
    stated = protocol.agent.strip().lower() not in ("", "no", "none", "n/a", "0", "without", "unknown")
    after, before = rules.contrast.after.search(said), rules.contrast.before.search(plain_words(protocol.description))
    if not stated and not (after and not before):
        return {}, []
    agents = rules.agents.items()
    label = next((name for name, brands in agents if re.search(brands.pattern, protocol.agent, re.I)), None)
    unclear = (stated and before) or not stated or label is None
    text = "Header and description do not agree that, or which, contrast agent was given."
    findings = [about(Code.CONTRAST_UNCLEAR, text, stack.key)] if unclear else []
    return {"ce": label or next(iter(rules.agents))}, findings


def _fits(rule: Rule, said: str, stack: Stack) -> bool:
    if rule.match is not None and not rule.match.search(said):
        return False
    protocol = stack.first.protocol
    stated = all(_inside(protocol, name, span, default=False) for name, span in rule.needs.items())
    return stated and stack.volumes >= rule.volumes


def _inside(protocol: Protocol, name: str, span: Span, *, default: bool) -> bool:
    value = protocol.numbers.get(name)
    return default if value is None else span[0] <= value <= span[1]


def _label_of(label: Label, protocol: Protocol) -> str | None:
    said = plain_words(f"{protocol.description} {protocol.protocol}")
    return next((name for name, pattern in label.labels.items() if pattern.search(said)), label.default)
