"""Names that distinguish the images of one session: by echo, plane and run."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace

from curation.dicom.codes import Code, about
from curation.dicom.names.rules import Proposal
from curation.dicom.names.visits import StudyVisit
from curation.dicom.sort.stacks import Stack

Named = tuple[Stack, Proposal]


def distinguish(proposals: list[Named], visits: Mapping[str, StudyVisit]) -> dict[str, str]:
    """Key of each stack with a proposed name to a name that is unique in its session.

    Echoes of one series get `echo`; images that differ in their plane get `acq-ax`, `acq-cor`, `acq-sag`; images that
    are still alike get `run` in the order of acquisition.
    """
    groups: dict[tuple[str, str, str], list[Named]] = defaultdict(list)
    for stack, proposal in proposals:
        if proposal.image:
            visit = visits[stack.key]
            groups[visit.subject, visit.session, proposal.name()].append((stack, proposal))
    return {key: name for group in groups.values() for key, name in _name_group(group).items()}


def with_echoes(proposals: list[Named]) -> list[Named]:
    """The proposals with `echo` for stacks of one series that differ in echo time; gradient echoes become `MEGRE`."""
    times: dict[tuple[str, str], set[float]] = defaultdict(set)
    for stack, proposal in proposals:
        times[stack.series, proposal.name()].add(_echo(stack))
    return [
        (stack, _with_echo(stack, proposal, sorted(times[stack.series, proposal.name()])))
        for stack, proposal in proposals
    ]


def _with_echo(stack: Stack, proposal: Proposal, times: list[float]) -> Proposal:
    if len(times) < 2 or not proposal.image:
        return proposal
    entities = {**proposal.entities, "echo": str(times.index(_echo(stack)) + 1)}
    if proposal.image == "anat/T2starw":
        return replace(proposal, image="anat/MEGRE", entities=entities)
    if proposal.image.startswith("func/"):
        return replace(proposal, entities=entities)
    doubt = about(Code.UNSURE_NAME, f"The series holds {len(times)} echoes of one contrast.", stack.key)
    return replace(proposal, entities=entities, findings=(*proposal.findings, doubt))


def _echo(stack: Stack) -> float:
    return stack.first.protocol.numbers.get("echo_time_ms", 0.0)


def _name_group(group: list[Named]) -> dict[str, str]:
    if len(group) == 1:
        stack, proposal = group[0]
        return {stack.key: proposal.name()}
    planes = {stack.grid.plane for stack, _ in group}
    by_plane: dict[str, list[Named]] = defaultdict(list)
    for stack, proposal in group:
        by_plane[stack.grid.plane if len(planes) > 1 else ""].append((stack, proposal))
    names = {}
    for plane, members in by_plane.items():
        more = {"acq": plane} if plane else {}
        for number, (stack, proposal) in enumerate(sorted(members, key=_acquisition_order), start=1):
            run = {"run": str(number)} if len(members) > 1 else {}
            names[stack.key] = proposal.name(**more, **run)
    return names


def _acquisition_order(named: Named) -> tuple[str, int, str]:
    first = named[0].first
    return (first.origin.acquired, first.series_number, named[0].key)
