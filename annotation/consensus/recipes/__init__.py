"""How several readings become one mask: pure functions of voxels, one file a recipe or a family of them.

Start at `recipe` (what a recipe is) and `table` (all of them). To add one, write a file like `votes` with a
`ConsensusRecipe` and name it in `table.RECIPES`; commands, masks and sidecars follow.
"""
