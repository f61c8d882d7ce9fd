"""A synthetic multi-centre MS cohort that looks like a real study.

Start at `generate`. Every random number that shapes a person, a visit or a reading is drawn first, in `plan`
(`cohort`, `lesions`, `raters`); the rest applies it: `atlas` and `anatomy` give the head, `scanners` and `imaging` the
images, `texts` and `writer` the BIDS tree.
"""

from __future__ import annotations

from curation.demo.cohort import DEFAULT_PERSONS, DEFAULT_SEED, Cohort, plan
from curation.demo.writer import generate

__all__ = ["DEFAULT_PERSONS", "DEFAULT_SEED", "Cohort", "generate", "plan"]
