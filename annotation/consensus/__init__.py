"""Consensus masks: several readings of one image combined into one mask, with their checksums as inputs.

Start at `build`, which chooses the images and writes their masks. `recipes` combine the voxels, one file each. Public:
both.
"""
