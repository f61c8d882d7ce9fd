"""Evaluation profiles: what every number of a score table means.

Start at `profile` (what a profile is) and `default` (the one that runs use). To add one, write a file like `default`
with an object that is a `Profile`, most easily a `LesionProfile`, and name it in `table.PROFILES`.
"""
