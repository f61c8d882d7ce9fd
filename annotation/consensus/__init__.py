"""Consensus masks: several readings of one image combined into one mask, with their checksums as inputs.

Start at `build` (which images, and writing them) and `recipes` (how voxels are combined, one file each). Public: both.
"""
