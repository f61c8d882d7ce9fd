"""Words that become part of paths and records for ever: codes that stand for people, names of protocols.

A record goes wherever the registry goes, so it holds a code and never a person's name.
"""

from __future__ import annotations

import re

from registry.errors import UsageError

_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_PROTOCOL = re.compile(r"[A-Za-z0-9]+(-[A-Za-z0-9]+)*")


def require_code(code: str, what: str) -> str:
    """The code of a person, as it came: 1 to 64 letters, digits, `-` and `_`.

    Args:
        code: the text to check.
        what: the code's role, for the message: `rater's code`, `reviewer's code`.

    Raises:
        UsageError: it is empty, too long, or holds anything else, such as the space between two names.
    """
    if not _CODE.fullmatch(code):
        raise UsageError(
            f"{code!r} is no {what}.", "Records show codes, not names: letters, digits, - and _, such as e01."
        )
    return code


def require_protocol(protocol: str) -> str:
    """The name of a protocol of readings, as it came: letters and digits, `-` between them.

    Raises:
        UsageError: it cannot name the folder `derivatives/manual-<protocol>`.
    """
    if not _PROTOCOL.fullmatch(protocol):
        raise UsageError(
            f"{protocol!r} cannot name a protocol.", "Use letters and digits, with - between them, such as mslesion."
        )
    return protocol
