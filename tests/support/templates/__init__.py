"""Registries that are made once and copied, and what one holds, for comparing. Start at `fixtures`."""
