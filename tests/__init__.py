"""Tests: a mirror of the packages, and `e2e/` (the whole line), `architecture/` (the house), `support/` (helpers)."""
