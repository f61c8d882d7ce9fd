"""Metrics of two masks: one file each, listed in `table`.

Start at `metric` (the classes) and `table` (all metrics). To add one, write a file like `dice` with a `Metric` and name
it in `table.METRICS`; a profile then lists it.
"""
