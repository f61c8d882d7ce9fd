"""The loop of one run and all that it would lose if it were killed.

Start at `loop`. Public: `loop`, `state`, `schedule`, `progress`, `weights`.
"""
