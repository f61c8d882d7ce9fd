"""Whether the channels of one image can be used together: each shows something where the image lies."""

from __future__ import annotations

from collections.abc import Sequence

from registry.errors import InvalidInput
from registry.files.volumes import Volume
from registry.measures.coverage import WHOLE, content_grid, covered_share
from training.data.resampling import Grid


def require_content(names: Sequence[str], channels: Sequence[Volume], native: Grid) -> list[str]:
    """Refuse channels that are nothing but 0 on an image's grid: a network answers to them too, without a word.

    Args:
        names: of the channels, for messages.
        channels: (I, J, K) volumes, each on its own grid.
        native: the grid of the image, on which its labels are.

    Returns:
        A sentence for each channel that leaves a part of the grid empty.

    Raises:
        InvalidInput: a channel is 0 everywhere, or wherever the image lies.
    """
    notes = []
    for name, channel in zip(names, channels, strict=True):
        content = content_grid(channel.data, channel.affine_ras)
        if content is None:
            raise InvalidInput(f"{name} holds nothing but zeros.", "Export it again, or leave the image out.")
        share = covered_share(native.shape, native.affine_ras, channel.data.shape, channel.affine_ras)
        if share == 0:
            raise InvalidInput(
                f"{name} does not overlap with the image that the labels lie on.",
                "Its header places it elsewhere: export it again, or leave the image out.",
            )
        if covered_share(native.shape, native.affine_ras, *content) == 0:
            raise InvalidInput(
                f"{name} holds nothing but zeros where the image lies that the labels lie on.",
                "Look at both, one above the other; export it again, or leave the image out.",
            )
        if share < WHOLE:
            notes.append(f"{name} covers {share:.0%} of the image's field of view; elsewhere the network sees 0")
    return notes
