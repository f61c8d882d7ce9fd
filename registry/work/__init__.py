"""Long work for every workspace: each piece is a row and a process, which goes on when the app ends.

A workspace describes a `kinds.Kind` of work. It starts the work with `queue.start`, or adds it with `rows.add` for a
worker. Start at `queue`. Public: `queue` (start, list, stop), `kinds`, `rows` (states and rows), `process` (work in a
process of its own or in the caller's), `claims` (workers), `progress` (`Stopped`), `files` (inputs and results on the
disk), `recovery` (records how work ended whose process died).
"""
