"""The quality check: what raters say about images, and which images wait for whom.

Start at `record` and `undo`. A verdict counts at once: it is one row in the database. `file_waiting` writes a rater's
rows into the file of record, `code/registry/quality/<rater>.tsv`; the app's server calls it when the rater rests.
"""

from curation.quality.record import Judgement, Overtaken, Undone, record, undo
from curation.quality.summary import list_verdicts, of_image, summary
from curation.quality.worklist import Show, SweepImage, Worklist, channels, done_since, of_rater, worklist
from registry.publishing.batches import file_waiting

__all__ = [
    "Judgement",
    "Overtaken",
    "Show",
    "SweepImage",
    "Undone",
    "Worklist",
    "channels",
    "done_since",
    "file_waiting",
    "list_verdicts",
    "of_image",
    "of_rater",
    "record",
    "summary",
    "undo",
    "worklist",
]
