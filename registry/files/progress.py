"""How far a long piece of work is: the callback that every service takes."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[int, int, str], None]
"""Called with what is done, how much there is, and what is worked on."""
