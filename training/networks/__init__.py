"""Networks by name.

Start at `monai`. Public: `monai`.
"""
