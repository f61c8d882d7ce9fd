"""The making of a batch: parameters are drawn from a counter, then patches are cut and augmented.

Start at `registry`, the table of augmentations; each is one file, in one of the two forms in `op`. Public:
`draws`, `augment`, `registry`, `op`.
"""
