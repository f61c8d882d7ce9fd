"""Training: a frozen snapshot becomes a model, predictions and scores with intervals.

Start at `training.run`. Needs only torch, monai, nibabel and numpy; reads a snapshot manifest, never a database.
"""
