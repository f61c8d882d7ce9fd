"""The report of a run: one HTML file that needs nothing else.

Start at `write_report`. Public: `write_report`, `NoFiguresError`. Nothing but this room imports matplotlib.
"""

from training.report.figures import NoFiguresError
from training.report.page import write_report

__all__ = ["NoFiguresError", "write_report"]
