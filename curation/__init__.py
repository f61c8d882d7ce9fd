"""Curation: deliveries become valid BIDS in the registry, and people look at what came in.

Start at `curation.importers`. Never imports `annotation` or `training`; they meet in registry records.
"""
