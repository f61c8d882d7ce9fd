"""Scores of predictions, without torch: numpy, scipy and cc3d only.

Start at `scoring.evaluate`. A metric is one file in `metrics/`; a profile, which says what a score table holds, is one
in `profiles/`. Public: `scoring`, `metrics`, `profiles`, `table`, `statistics`, `raters`.
"""
