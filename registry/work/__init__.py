"""Long work for every workspace: a row, and a process that goes on when the app ends.

A workspace describes a `kinds.Kind` of work and starts it with `queue.start`, or leaves it to a worker with `rows.add`.
Start at `queue`. Public: `queue` (start, list, stop), `kinds`, `rows` (states and rows), `process` (the process, and
work done in the caller's own), `claims` (workers), `progress` (`Stopped`), `files` (what is handed over, what a look
found). `recovery` tells how work ended whose process is gone.
"""
