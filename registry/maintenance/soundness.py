"""The check that every delivery passes: new masks and the images they lie on, looked at together."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlmodel import col, select

from registry.index.rows import read_roots
from registry.maintenance import mask_checks
from registry.store import Registry
from registry.tables import File


def checker(registry: Registry) -> Callable[[Sequence[File]], None]:
    """A check for `publish`: refuses masks that do not fit, by what the touched subjects will hold afterwards.

    Raises:
        GeometryError: when called; as `mask_checks.require_sound`.
    """

    def check(changed: Sequence[File]) -> None:
        subjects = {file.subject_id for file in changed if file.subject_id}
        with registry.reading() as session:
            present = session.exec(
                select(File).where(col(File.subject_id).in_(subjects) | col(File.subject_id).is_(None))
            ).all()
        files = {file.path: file for file in [*present, *changed]}.values()
        roots = read_roots(file for file in files if file.subject_id is None)
        for subject, group in sorted(mask_checks.by_subject(files).items()):
            mask_checks.require_sound(mask_checks.check_subject(subject, group, roots))

    return check
