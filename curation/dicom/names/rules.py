"""The naming rules of a recipe: from series description and sequence parameters to a BIDS name, or to leaving it out.

The rules are data (`[[options.rules]]` in `datasets/dicom.toml`), tried in order; the first that fits decides.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import partial

from curation.dicom.codes import Code, about
from curation.dicom.read.instances import Protocol
from curation.dicom.sort.stacks import Stack
from curation.importers.bids.shapes import find_axis_fault
from curation.recipes import Recipe, make_error
from registry.bids.names import ENTITY_ORDER
from registry.files.settings import Settings, read_settings
from registry.vocabulary.findings import Finding

Span = tuple[float, float]


@dataclass(frozen=True)
class Rule(Settings):
    """One rule.

    Attributes:
        match: searched in the description, then in the protocol's name, then in the sequence's name (`plain_words`).
            None fits every text.
        image: data type and suffix, `anat/T1w`; empty where the rule leaves series out.
        leave_out: a sentence why such series are left out.
        needs: parameters and their spans; the rule fits only if each is stated and lies in its span.
        within: parameters and their spans; the name is unsure if one is stated and lies outside.
        volumes: smallest number of volumes.
        without: words of Scanning Sequence (`EP`) that speak against the name.
        sure: False for rules that guess.
    """

    match: re.Pattern[str] | None = None
    image: str = ""
    leave_out: str = ""
    needs: Mapping[str, Span] = field(default_factory=dict)
    within: Mapping[str, Span] = field(default_factory=dict)
    volumes: int = 1
    without: tuple[str, ...] = ()
    sure: bool = True


@dataclass(frozen=True)
class Label(Settings):
    """How one entity gets its label.

    Attributes:
        datatypes: data types whose images get the entity.
        labels: label to its pattern; the first that fits counts.
        default: the label where no pattern fits; None writes none.
    """

    datatypes: tuple[str, ...]
    labels: Mapping[str, re.Pattern[str]]
    default: str | None = None


@dataclass(frozen=True)
class Contrast(Settings):
    """Patterns for the words of a description, after contrast agent and before it."""

    after: re.Pattern[str]
    before: re.Pattern[str]


@dataclass(frozen=True)
class NamingRules(Settings):
    """All rules of a recipe.

    Attributes:
        rules: tried in order.
        contrast: patterns of words for an image after contrast agent, and for one before it.
        agents: `ce` label to the pattern of its brand names, whose case does not count.
        entities: BIDS entity to the way it gets its label.
    """

    rules: tuple[Rule, ...]
    contrast: Contrast
    agents: Mapping[str, re.Pattern[str]]
    entities: Mapping[str, Label] = field(default_factory=dict)


@dataclass(frozen=True)
class Proposal:
    """A proposed name without subject and session, in parts; `image` (`anat/T1w`) is empty if no name is proposed."""

    image: str
    entities: Mapping[str, str]
    findings: tuple[Finding, ...]

    def name(self, **more: str) -> str:
        """The name as plans show it, `anat/ce-gadolinium_T1w`, with more entities; empty if none is proposed."""
        datatype, _, suffix = self.image.partition("/")
        entities = {**self.entities, **more}
        parts = [f"{key}-{entities[key]}" for key in ENTITY_ORDER if key in entities]
        return f"{datatype}/{'_'.join([*parts, suffix])}" if self.image else ""


def read(recipe: Recipe) -> NamingRules:
    """The rules of a recipe.

    Raises:
        InvalidInput: a rule has an unknown key, or a pattern is not a regular expression.
    """
    names = [item.name for item in fields(NamingRules)]
    options = {name: recipe.options[name] for name in names if name in recipe.options}  # without plan and people
    return read_settings(NamingRules, options, "options", partial(make_error, recipe.name))


def propose(rules: NamingRules, stack: Stack) -> Proposal:
    """The name that the first fitting rule gives to a stack, with the findings that speak against it.

    Every rule is tried on the description first, then on the protocol's name, then on the sequence's: a description
    is what the operator chose for this series. A name from the sequence alone is unsure.
    """
    protocol = stack.first.protocol
    for number, text in enumerate((protocol.description, protocol.protocol, protocol.sequence)):
        for rule in rules.rules:
            if text and _fits(rule, plain_words(text), stack):
                found = _apply(rules, rule, stack, weak=number == 2)
                return _compare_names(rules, found, stack) if number == 0 else found
    return Proposal("", {}, (about(Code.NO_RULE, "No rule gives this series a BIDS name.", stack.key),))


def plain_words(text: str) -> str:
    """The text in lower case, its words separated by single spaces; of other characters only `+`, `*`, `=` stay."""
    return " ".join(re.sub(r"[^a-z0-9+*=]+", " ", text.lower()).split())


def _apply(rules: NamingRules, rule: Rule, stack: Stack, *, weak: bool) -> Proposal:
    if rule.leave_out:
        return Proposal("", {}, (about(Code.LEFT_OUT_BY_RULE, rule.leave_out, stack.key),))
    protocol, datatype = stack.first.protocol, rule.image.partition("/")[0]
    entities, findings = _propose_contrast(rules, stack) if datatype == "anat" else ({}, [])
    guessed = []
    for entity, label in rules.entities.items():
        if datatype in label.datatypes and (chosen := _find_label(label, protocol)):
            entities[entity] = chosen
            guessed += [f"{entity} is named: write it in place of '{chosen}'"] if chosen == label.default else []
    if protocol.part != "mag":
        entities["part"] = protocol.part
    against = [name for name, span in rule.within.items() if not _inside(protocol, name, span, default=True)]
    against += [f"scanning sequence {word}" for word in rule.without if word in protocol.scanning]
    if stack.volumes > 1 and datatype == "anat":
        fault = find_axis_fault(rule.image.rpartition("/")[2], (*stack.grid.shape, stack.volumes))
        doubt = f"It holds {stack.volumes} volumes: a dynamic or functional series, or several echoes in one."
        findings.append(about(Code.SEVERAL_VOLUMES, fault or doubt, stack.key))
    if weak or not rule.sure or against or guessed:
        findings.append(about(Code.UNSURE_NAME, _format_doubt(against, guessed), stack.key))
    return Proposal(rule.image, entities, tuple(findings))


def _compare_names(rules: NamingRules, proposal: Proposal, stack: Stack) -> Proposal:
    """The proposal of the description, unsure where the protocol's name asks for another image."""
    protocol = stack.first.protocol.protocol
    rule = next((rule for rule in rules.rules if rule.match and _fits(rule, plain_words(protocol), stack)), None)
    if not proposal.image or rule is None or rule.image in ("", proposal.image):
        return proposal
    message = f"The description says {proposal.image}, the protocol's name says {rule.image}."
    return replace(proposal, findings=(*proposal.findings, about(Code.UNSURE_NAME, message, stack.key)))


def _format_doubt(against: Sequence[str], guessed: Sequence[str]) -> str:
    if against:
        return f"The sequence parameters speak against this name: {', '.join(against)}."
    if guessed:
        return f"No {', no '.join(guessed)}, then set Keep to yes."
    return "The rule that gives this name is a guess."


def _propose_contrast(rules: NamingRules, stack: Stack) -> tuple[dict[str, str], list[Finding]]:
    """The entity `ce` and the doubts about it, from the agent in the header and the words of the description."""
    protocol = stack.first.protocol
    described = plain_words(f"{protocol.description} {protocol.protocol}")
    has_agent = protocol.agent.strip().lower() not in ("", "no", "none", "n/a", "0", "without", "unknown")
    after, before = (
        rules.contrast.after.search(described),
        rules.contrast.before.search(plain_words(protocol.description)),
    )
    if not has_agent and not (after and not before):
        return {}, []
    agents = rules.agents.items()
    label = next((name for name, brands in agents if re.search(brands.pattern, protocol.agent, re.I)), None)
    unclear = (has_agent and before) or not has_agent or label is None
    message = "Header and description do not agree that, or which, contrast agent was given."
    findings = [about(Code.CONTRAST_UNCLEAR, message, stack.key)] if unclear else []
    return {"ce": label or next(iter(rules.agents))}, findings


def _fits(rule: Rule, words: str, stack: Stack) -> bool:
    if rule.match is not None and not rule.match.search(words):
        return False
    protocol = stack.first.protocol
    inside = all(_inside(protocol, name, span, default=False) for name, span in rule.needs.items())
    return inside and stack.volumes >= rule.volumes


def _inside(protocol: Protocol, name: str, span: Span, *, default: bool) -> bool:
    value = protocol.numbers.get(name)
    return default if value is None else span[0] <= value <= span[1]


def _find_label(label: Label, protocol: Protocol) -> str | None:
    described = plain_words(f"{protocol.description} {protocol.protocol}")
    return next((name for name, pattern in label.labels.items() if pattern.search(described)), label.default)
