"""Words and codes that the whole house shares: plain values without a file, a database or an array.

Start at `findings` (the shape of whatever a check found) and `display` (numbers, days and places as people write
them). Public: `codes`, `verdicts`, `reasons`, `findings`, `display`, `units`.
"""
