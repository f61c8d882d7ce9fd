"""Keyed hashes in place of identities, and the salt that keys them.

Files hold hashes under a secret of this registry (law 12), so that nobody can test a guess without it. The salt lies in
`.cohortium/`, which git ignores; another machine that imports the same persons needs a copy of it.
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
        """64 hex digits: HMAC-SHA-256 of `text`, different for each kind (`series`, `study`, `person`, `path`)."""
        return hmac.digest(self.salt, f"{kind}\0{text}".encode(errors="surrogateescape"), "sha256").hex()

    def subject(self, person: str) -> str:
        """A subject label without its prefix: ten hex digits in capitals."""
        return self.of("person", person)[:10].upper()


def fresh() -> Pseudonyms:
    """Pseudonyms under a new salt that is not kept."""
    return Pseudonyms(secrets.token_bytes(_BYTES))


def of_registry(local: Path) -> Pseudonyms:
    """The registry's pseudonyms, under the salt in `.cohortium/salt`; the first call makes it, for its owner only.

    Raises:
        InvalidInput: the file exists and holds no salt.
    """
    path = local / SALT_FILE
    if not path.exists():
        salt = f"{secrets.token_hex(_BYTES)}\n".encode()
        atomic.write(path, salt, once=True, mode=0o600)  # a process that was faster wins
    try:
        salt = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except ValueError:
        salt = b""
    if len(salt) < _BYTES:
        raise InvalidInput(
            f"{SALT_FILE} in .cohortium holds no salt.",
            "Copy it from where it was made; a new one would rename everybody.",
        )
    return Pseudonyms(salt)
