"""The evaluation profile `default`: what every number in a score table means.

- Dice: twice the overlap over the sum of both sizes.
- HD95: the larger of the two directed 95th percentiles of surface distances. ASSD: the mean of all of them.
- NSD: share of both surfaces within 1 mm.
- Lesions: 26-connected components; one is matched when the other side touches it in at least one voxel. Detected:
  matched reference lesions. False: predicted lesions that are not matched. Recall also by size band.
- Both sides empty: no value (`both_empty`), left out of means and counted as `n_na`.
- One side empty: Dice and NSD 0, HD95 and ASSD the image diagonal; in the means, and counted as `n_failed`.
"""

from __future__ import annotations

from training.evaluation.metrics.table import METRICS
from training.evaluation.profiles.lesion import LesionProfile

DEFAULT = LesionProfile(
    "default",
    1,
    measures=tuple(METRICS[name] for name in ("dice", "hd95_mm", "assd_mm", "nsd")),
    connectivity=26,
    match=0.0,
    bands_mm3=((3.0, 10.0), (10.0, 50.0), (50.0, 250.0), (250.0, float("inf"))),
    definitions=__doc__,
)
