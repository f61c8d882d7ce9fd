"""All tables. Most rows are a projection of files; imports, intents, runs and settings belong to this machine.

Start at `imaging` (files and images) and `base.Table`, the base of every table. Public: the tables themselves; a
module holds those of one subject.
"""

from registry.tables.base import Table
from registry.tables.checks import Acknowledgement, CheckFinding, ImageMeasures
from registry.tables.cohorts import (
    ExclusionVerdict,
    QualityAction,
    QualityVerdict,
    Query,
    Run,
    Snapshot,
    Split,
    SplitAssignment,
)
from registry.tables.imaging import File, Image
from registry.tables.ledger import Event, Intent, Setting
from registry.tables.lesions import Lesion, LesionInstance, LesionLink
from registry.tables.people import Person, PersonLink, Scanner, Session, Site, Subject
from registry.tables.readings import ConsensusInput, ConsensusMask, Mask, Prediction, Rater
from registry.tables.work import Work

__all__ = [
    "Acknowledgement",
    "CheckFinding",
    "ConsensusInput",
    "ConsensusMask",
    "Event",
    "ExclusionVerdict",
    "File",
    "Image",
    "ImageMeasures",
    "Intent",
    "Lesion",
    "LesionInstance",
    "LesionLink",
    "Mask",
    "Person",
    "PersonLink",
    "Prediction",
    "QualityAction",
    "QualityVerdict",
    "Query",
    "Rater",
    "Run",
    "Scanner",
    "Session",
    "Setting",
    "Site",
    "Snapshot",
    "Split",
    "SplitAssignment",
    "Subject",
    "Table",
    "Work",
]
