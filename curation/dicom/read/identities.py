"""Words that stand where an identity was removed: whoever carries one is nobody in particular."""

from __future__ import annotations

import re

_WORDS = re.compile(
    r"(?:pseud)?anon(?:ym\w{0,6})?|de|identified|deidentif\w+|depersonali[sz]ed|pseudonym"
    r"|blank(?:ed)?|empty|null|nil|none?|not?|n|a|any|without|unknown|unbekannt|inconnu|undefined|unnamed"
    r"|removed|deleted|hidden|redacted|masked|confidential|private|default|dummy|test|tbd|stated|given|available"
    r"|(?:no|patient)?(?:names?|id|identity|identifier)|patient|subject|person|volunteer|phantom|case|the|x+|0+"
)


def is_placeholder(text: str) -> bool:
    """Whether a Patient ID or a name says nothing: empty, only marks, zeros or x, or only words such as `ANON`.

    A number behind the word (`ANON01`) is a pseudonym, not a placeholder.
    """
    words = re.sub(r"[\W_]+", " ", text.casefold()).split()
    return all(_WORDS.fullmatch(word) for word in words)
