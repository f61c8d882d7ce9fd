"""Measurements: `python -m benchmarks [NAME ...]` writes one JSON file each below `build/benchmarks`.

A timing is never a test. Ratios against a peer in the same run are worth more than seconds.
"""
