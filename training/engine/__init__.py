"""The loop of one run, and everything it would lose if it were killed.

Start at `loop`. Public: `loop`, `state`, `schedule`, `progress`, `weights`.
"""
