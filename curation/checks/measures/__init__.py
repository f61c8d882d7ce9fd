"""Measures: how they are computed from one volume, and the pass that reads every image once.

Start at `numbers` (the meaning of each measure) and `read` (the pass over images).
"""
