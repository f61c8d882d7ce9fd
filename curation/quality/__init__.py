"""The quality check: what raters say about images, and which images wait for whom.

Start at `record` and `undo`. A verdict counts at once: it is one row in the database. `file_waiting` writes a rater's
rows into `code/registry/quality/<rater>.tsv`, the file of record; the app's server does so when the rater rests.
"""

from curation.quality.record import Judgement, Overtaken, Undone, record, undo
from curation.quality.summary import list_verdicts, of_image, summary
from curation.quality.worklist import Case, Show, Worklist, channels, done_since, of_rater, worklist
from registry.publishing.batches import file_waiting

__all__ = [
    "Case",
    "Judgement",
    "Overtaken",
    "Show",
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
