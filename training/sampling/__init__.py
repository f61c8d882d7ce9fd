"""What a batch holds: draws from a counter, then patches.

Start at `registry`, the table of augmentations; each is one file, in the form that `op` states. Public: `draws`,
`augment`, `registry`, `op`.
"""
