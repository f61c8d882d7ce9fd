"""Consensus recipes: pure functions of voxels that combine several readings into one mask.

Start at `recipe` (the class of all recipes) and `table` (all of them). To add one, write a file like `votes` with a
`ConsensusRecipe` and name it in `table.RECIPES`; commands, masks and sidecars follow.
"""
