"""Scores of predictions, and what is read of them afterwards; metrics, profiles and results need no torch.

Start at `scoring.evaluate`. A metric is one file in `metrics/`; a profile, which says what a score table holds, is one
in `profiles/`. Public: `scoring`, `results` (the files that it writes), `metrics`, `profiles`, `table`, `statistics`,
`raters`.
"""
