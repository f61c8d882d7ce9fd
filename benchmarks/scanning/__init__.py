"""What lies in a BIDS tree: names and sidecars, without opening an image. Start at `scan` and `rescan`.

`walk` is the one walker of the registry, `scan` adds entities and inherited metadata, `rescan` does the same for a
tree that was scanned before and reads only what changed, `read_headers` opens the images in a pass of its own.
"""

from benchmarks.scanning.headers import HeaderPass, read_headers
from benchmarks.scanning.index import Index, Row, rescan, scan
from registry.bids.filenames import Name, parse_name
from registry.bids.walk import Found, Tree, walk

__all__ = [
    "Found",
    "HeaderPass",
    "Index",
    "Name",
    "Row",
    "Tree",
    "parse_name",
    "read_headers",
    "rescan",
    "scan",
    "walk",
]
