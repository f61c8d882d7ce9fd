"""BIDS names for stacks: naming rules, visits, names that distinguish alike images, and the plan to be corrected.

Start at `plan` and `rules`.
"""
