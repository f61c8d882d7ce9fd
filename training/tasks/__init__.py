"""The loss that the training of a network minimises.

Start at `losses`. Public: `losses`.
"""
