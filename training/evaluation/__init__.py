"""Scores without torch: needs numpy and scipy only. Start at `profile`, which says what every number means."""
