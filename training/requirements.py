"""What a snapshot has to be before a run is queued or begun. Start at `require_trainable`; no image is read here."""

from __future__ import annotations

import logging
from pathlib import Path

from registry.cohorts import leakage
from registry.errors import InvalidInput
from registry.manifests import Manifest, Sample
from registry.manifests.unjudged import IGNORE, count_dropped, names_unjudged
from registry.vocabulary.display import format_count
from training.predict import derivatives
from training.spec import Config

_LOGGER = logging.getLogger(__name__)


def require_trainable(config: Config, manifest: Manifest, out: Path) -> None:
    """Check what a snapshot alone can say: its parts, its labels, and the names of its predictions.

    Args:
        config: names the parts that are predicted.
        manifest: the frozen cohort.
        out: the run's folder, which need not be there; its name is the run's id.

    Raises:
        InvalidInput: no sample in the train part, or a label for what nobody judged.
        SplitError: a person, or the bytes of an image, in two parts.
        UsageError: two samples would have one prediction.
    """
    _require_split(manifest)
    _require_judged(manifest)
    derivatives.require_own_names(derivatives.of_run(out, out, manifest), list_predicted(config, manifest))


def list_predicted(config: Config, manifest: Manifest) -> list[Sample]:
    """The samples of the parts that a run predicts after training, part by part."""
    return [sample for part in config.prediction.parts for sample in manifest.part(part)]


def _require_split(manifest: Manifest) -> None:
    """Check that there is something to learn from and that nothing crosses the parts.

    Raises:
        InvalidInput: no sample in the train part.
        SplitError: a person, or the bytes of an image, in two parts.
    """
    if not manifest.part("train"):
        raise InvalidInput("This snapshot has no sample in its train part.", "Create it with a split.")
    leakage.refuse(leakage.check_manifest(manifest))


def _require_judged(manifest: Manifest) -> None:
    """Check that no class is made of voxels that nobody judged, and say where such voxels are background.

    Raises:
        InvalidInput: the snapshot's labels hold `ignore`, which a network would learn to find like a structure.
    """
    if any(map(names_unjudged, manifest.labels.values())):
        raise InvalidInput(
            f"The snapshot's masks mark voxels that nobody judged (label '{IGNORE}'), and training would learn them as "
            "a structure.",
            "Freeze the query with --label for each structure, after which such voxels are background, or export the "
            "snapshot with --layout nnunet: nnU-Net leaves them out.",
        )
    if dropped := count_dropped(manifest):
        _LOGGER.warning(
            "The masks of %s mark voxels that nobody judged (label '%s'); they are background for this training.",
            format_count(dropped, "sample"),
            IGNORE,
        )
