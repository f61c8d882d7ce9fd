"""Rules for where images lie. What is not clear is found once, from headers, by `registry.maintenance.mask_checks`."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from curation.checks.check import Cohort, Hit


def coded(code: str) -> Callable[[Cohort], Iterable[Hit]]:
    """A check that repeats the findings of this code about images, with their own words."""

    def run(cohort: Cohort) -> Iterable[Hit]:
        return (Hit(item.path, item.message) for item in cohort.places if item.code == code)

    return run
