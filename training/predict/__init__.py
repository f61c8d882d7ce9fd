"""Predictions: of the samples of a snapshot, or of any NIfTI images in a folder.

Start at `snapshot` and `folder`. Public: `snapshot`, `folder`, `derivatives` (BIDS).
"""
