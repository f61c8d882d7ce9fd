"""Evaluation profiles: what every number of a score table means.

Start at `default`. Public: `default`.
"""
