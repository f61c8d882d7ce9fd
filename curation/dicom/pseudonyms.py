"""Keyed hashes in place of identities, and the salt that keys them.

Law 12: what stands in files is a hash under a secret of this registry, so that nobody can test a guess without it. The
salt lies in `.cohortium/`, which git ignores; another machine that is to import the same persons needs a copy of it.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from registry.errors import InvalidInput
from registry.files import atomic

SALT_FILE = "salt"
_BYTES = 32


@dataclass(frozen=True)
class Pseudonyms:
    """Hashes under one salt; equal inputs give equal hashes, in every import of the registry."""

    salt: bytes = field(repr=False)

    def of(self, kind: str, text: str) -> str:
        """64 hex digits: HMAC-SHA-256 of `text`, apart for each kind (`series`, `study`, `person`, `path`)."""
        return hmac.digest(self.salt, f"{kind}\0{text}".encode(errors="surrogateescape"), "sha256").hex()

    def subject(self, person: str) -> str:
        """A subject label without its prefix: ten hex digits in capitals."""
        return self.of("person", person)[:10].upper()


def fresh() -> Pseudonyms:
    """Hashes under a salt that nobody keeps."""
    return Pseudonyms(secrets.token_bytes(_BYTES))


def of_registry(local: Path) -> Pseudonyms:
    """The registry's own: read from `.cohortium/salt`, which is made on first use, for its owner only.

    Raises:
        InvalidInput: the file is there and holds no salt.
    """
    place = local / SALT_FILE
    if not place.exists():
        salt = f"{secrets.token_hex(_BYTES)}\n".encode()
        atomic.write(place, salt, once=True, mode=0o600)  # a process that was faster wins
    try:
        salt = bytes.fromhex(place.read_text(encoding="ascii").strip())
    except ValueError:
        salt = b""
    if len(salt) < _BYTES:
        raise InvalidInput(
            f"{SALT_FILE} in .cohortium holds no salt.",
            "Copy it from where it was made; a new one would rename everybody.",
        )
    return Pseudonyms(salt)
