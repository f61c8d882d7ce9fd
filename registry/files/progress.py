"""The callback by which every service reports how far its work is."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[int, int, str], None]
"""Called with the number of things done, their number in all, and a text about the present one."""
