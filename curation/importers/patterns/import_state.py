"""The state of one import by patterns: the subject and session of each file, and the images that were imported."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from curation.importers.patterns.language import fill
from curation.importers.patterns.rules import PatternRules
from curation.importers.patterns.tables import Rows
from curation.importers.report import Reason
from curation.importers.staging import MaskSpec, Placed, RefusedError, Staging
from registry.bids.names import to_label
from registry.errors import InvalidInput

Key = tuple[str, str, frozenset[tuple[str, str]], str]


@dataclass(frozen=True)
class Place:
    """Where a file belongs: labels without `sub-` and `ses-` (session may be empty), other entities, and its holes."""

    subject: str
    session: str
    entities: Mapping[str, str]
    holes: Mapping[str, str]

    @property
    def names(self) -> dict[str, str]:
        """The entities of a file at this place."""
        return {"sub": self.subject, **({"ses": self.session} if self.session else {}), **self.entities}

    def key(self, channel: str, session: str | None = None) -> Key:
        """The key of an image in `images`; `channel` is its BIDS suffix with entities, no `session` means this one."""
        here = self.session if session is None else session
        return self.subject, here, frozenset(self.entities.items()), channel


@dataclass
class PatternImportState:
    """The state of one import.

    Attributes:
        images: every imported image, by its key.
        delivered: subject label to the delivery's own name of it.
        places: the first file of each subject and session, whose holes describe them.
        references: subject label to the image that names the space which its images share.
        segmentations: derivative and name of each label table that its masks need.
        dropped: how often each sidecar field was dropped.
    """

    source: Path
    tree: Staging
    rules: PatternRules
    rows: Rows
    images: dict[Key, Placed] = field(default_factory=dict)
    delivered: dict[str, str] = field(default_factory=dict)
    places: dict[tuple[str, str], Place] = field(default_factory=dict)
    references: dict[str, str] = field(default_factory=dict)
    segmentations: dict[tuple[str, str], MaskSpec] = field(default_factory=dict)
    dropped: Counter[str] = field(default_factory=Counter)

    def place(self, holes: Mapping[str, str]) -> Place:
        """Subject, session and entities of a file.

        Raises:
            RefusedError: nothing names the subject, a hole holds no letter or digit, or two subjects would share a
                label.
        """
        rules, holes = self.rules, self.rows.join(holes)
        stated = fill(rules.subject, holes)
        if not stated:
            raise RefusedError(Reason.NOT_LISTED, "Neither its name nor a table names its subject.")
        try:
            subject = self.tree.recipe.subject_prefix + to_label(stated)
            session = to_label(named) if (named := fill(rules.session, holes)) else ""
            filled = {name: fill(template, holes) for name, template in rules.entities.items()}
            entities = {name: to_label(value) for name, value in filled.items() if value}
        except InvalidInput as error:
            raise RefusedError(Reason.NOT_BIDS_NAME, error.message) from error
        if self.delivered.setdefault(subject, stated) != stated:
            raise RefusedError(Reason.DUPLICATE, f"sub-{subject} is already '{self.delivered[subject]}'.")
        return Place(subject, session, entities, holes)
