"""The registry: persons, sessions, images, masks, queries, splits and snapshots of one cohort.

Start at `registry.store` (open a registry), `registry.publishing` (how anything is written) and
`registry.snapshots` (what training reads). Importing this package has no effect and loads nothing heavy.
"""

__version__ = "0.1.0"

ENVIRONMENT = "COHORTIUM_REGISTRY"
"""The variable that names the registry's folder where no option does."""
