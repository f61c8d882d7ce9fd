"""Annotation: experts' readings, consensus masks and lesions.

Start at `annotation.consensus.build`. Never imports `curation` or `training`; they meet in registry records.
"""
