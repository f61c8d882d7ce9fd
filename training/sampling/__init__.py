"""Randomness as data: what augmentation needs is drawn from a counter, then applied.

Start at `draws`. Public: `draws`, `augment`.
"""
