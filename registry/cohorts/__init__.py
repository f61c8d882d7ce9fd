"""Cohorts: which images, divided how, without whom, and what may not cross.

Start at `queries` (a saved question) and `splits` (its persons in parts). Public: `queries`, `splits`, `versioned`
(what both share), `composition`, `exclusions`, `persons`, `leakage` (pure rules), `leaks` (the same rules over a
registry), `recent`.
"""
