"""The importer that patterns of a recipe drive: a cohort is added without code.

Start at `importer.stage` and `language` (how a path with holes is written). `rules` reads the recipe's options.
"""
