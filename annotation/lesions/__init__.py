"""Lesions: the instances in a mask with their boxes.

Start at `instances`. Public: `instances`.
"""
