"""Measurements: `python -m benchmarks [NAME ...]` writes one JSON file for each below `build/benchmarks`.

No test depends on a timing. The ratio to a peer in the same run says more than seconds.
"""
