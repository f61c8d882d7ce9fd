"""The report of a run: one HTML file that needs nothing else. Start at `training.report.page`."""

from training.report.page import write_report

__all__ = ["write_report"]
