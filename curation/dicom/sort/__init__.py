"""Instances sorted into stacks by real geometry.

Start at `stacks`; `duplicates` sets equal copies aside, `grids` computes the grid that the headers describe.
"""
