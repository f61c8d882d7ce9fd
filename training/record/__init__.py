"""The record of a run: configuration, data, code, hardware and results in one canonical, self-hashed JSON.

Start at `run_record`. Public: `run_record`, `first_record`, `environment`.
"""
