"""The importer that follows the patterns of a recipe: a cohort is added without code.

Start at `importer.stage` and `language` (how a path with holes is written). `rules` reads the recipe's options.
"""
