"""Evaluation profiles: each defines what the numbers of a score table mean.

Start at `profile` (the protocol) and `default` (the one that runs use). To add one, write a file like `default` with an
object that is a `Profile`, most easily a `LesionProfile`, and name it in `table.PROFILES`.
"""
