"""Lesions: the instances of a mask with their boxes.

Start at `instances`. Public: `instances`.
"""
