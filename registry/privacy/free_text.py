"""Comments that people type beside a decision: git keeps them, so they may not say who was scanned or when."""

from __future__ import annotations

from registry.errors import UsageError
from registry.privacy.patterns import find_trace


def require_impersonal(text: str | None, what: str) -> None:
    """Refuse a comment or a reason that seems to name a person or a day.

    Args:
        text: what was typed; None and an empty text are accepted.
        what: the word for the text in the message, such as `comment`.

    Raises:
        UsageError: the text seems to hold a date, a name, a UID, an address or a path; the message says which of them
            and does not repeat the text.
    """
    if text and (trace := find_trace(text)):
        raise UsageError(
            f"The {what} holds {trace}; it is kept for ever and shared with the registry.",
            "Write days from baseline in place of dates, and codes in place of names.",
        )
