"""The one way anything is written: stage, check, move into place, record, commit.

Start at `publish`: it takes a `Change` and a function that writes new files into a folder. Afterwards either all of the
change is in the registry or none of it. `recover`, `finish_staged` and `is_alive` deal with changes of dead processes.
Also public: the modules `events` (the event log), `commits` (the single committer), `git` (the one owner of git,
git-annex and DataLad), `git_history`, `table_rewrite` (tables that several people rewrite), `batches`.
"""

from __future__ import annotations

from registry.publishing.change import Change, finish_staged, is_alive, publish, recover, write_files

__all__ = ["Change", "finish_staged", "is_alive", "publish", "recover", "write_files"]
