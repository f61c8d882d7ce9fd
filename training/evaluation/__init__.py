"""Scores of predictions, without torch: needs numpy and scipy only.

Start at `profiles`, which say what every number means, and `scoring`. Public: `profiles`, `scoring`, `table`,
`statistics`, `raters`.
"""
