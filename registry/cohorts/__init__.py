"""Cohorts: which images a cohort has, how its persons are divided, who is excluded, and what may not cross parts.

Start at `queries` (saved queries) and `splits` (their persons divided into parts). Public: `queries`, `splits`,
`versioned` (names and versions of both), `composition`, `exclusions`, `withdrawals` (consent, in frozen snapshots too),
`persons`, `leakage` (pure rules), `leaks` (the same rules over a registry), `recent`.
"""
