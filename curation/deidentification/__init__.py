"""De-identification: what a registry's files still tell about persons, and what people saw in its images.

Start at `scanning.scan` (a program reads every file) and `verdicts.record` (a person looked at the pixels).
"""
