"""The run record: what was run, on what, with which result; one canonical, self-hashed JSON.

Start at `run_record`. Public: `run_record`, `first_record`, `environment`.
"""
