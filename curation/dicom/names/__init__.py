"""BIDS names for stacks: rules, visits, what tells images apart, and the plan that a person corrects.

Start at `plan` and `rules`.
"""
