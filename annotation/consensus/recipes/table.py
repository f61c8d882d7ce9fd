"""Every consensus recipe by its name."""

from __future__ import annotations

from annotation.consensus.recipes.recipe import ConsensusRecipe
from annotation.consensus.recipes.votes import INTERSECTION, MAJORITY, UNION
from registry.errors import UsageError

RECIPES: dict[str, ConsensusRecipe] = {recipe.name: recipe for recipe in (MAJORITY, UNION, INTERSECTION)}


def get(name: str) -> ConsensusRecipe:
    """The recipe of that name.

    Raises:
        UsageError: no such recipe.
    """
    if name not in RECIPES:
        raise UsageError(f"There is no consensus recipe '{name}'.", f"Known: {', '.join(RECIPES)}.")
    return RECIPES[name]
