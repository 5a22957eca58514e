"""Request bodies, produced while they are sent, and again for each attempt."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Callable

CHUNK = 1 << 16
# The minimum size for compression, in bytes. Smaller bodies would save less than the headers take.
_WORTH_COMPRESSING = 1 << 10
# The maximum compressed share of the size for which compression is worth its time. Pictures and archives exceed it.
_PAYS = 0.7
# Level 1: compressing better would soon take longer than sending the difference.
_LEVEL = 1
_GZIP_FORMAT = 16 + zlib.MAX_WBITS


@dataclass(frozen=True)
class Body:
    """Bytes of some type. Each call of `parts` returns them from the beginning."""

    content_type: str
    parts: Callable[[], Iterable[bytes]]
    # The number of bytes, or None if it is not known yet.
    length: int | None = None
    encoding: str | None = None

    @staticmethod
    def of(content_type: str, content: bytes) -> Body:
        """Returns a body that is already in memory."""

        def parts() -> Iterator[bytes]:
            for start in range(0, len(content), CHUNK):
                yield content[start : start + CHUNK]

        return Body(content_type, parts, len(content))

    @property
    def headers(self) -> dict[str, str]:
        """Returns the headers that describe the body."""
        encoding = {"Content-Encoding": self.encoding} if self.encoding else {}
        return {"Content-Type": self.content_type} | encoding

    def compressed(self) -> Body:
        """Returns the body compressed with gzip, or unchanged if its beginning compresses badly."""
        beginning = _beginning(self.parts())
        shorter = len(zlib.compress(beginning, _LEVEL))
        if len(beginning) < _WORTH_COMPRESSING or shorter > _PAYS * len(beginning):
            return self
        parts = self.parts
        return replace(self, parts=lambda: _gzip(parts()), length=None, encoding="gzip")


def _beginning(parts: Iterable[bytes]) -> bytes:
    seen = b""
    for part in parts:
        seen += part
        if len(seen) >= CHUNK:
            break
    return seen


def _gzip(parts: Iterable[bytes]) -> Iterator[bytes]:
    compressor = zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP_FORMAT)
    waiting = bytearray()
    for part in parts:
        waiting += compressor.compress(part)
        # Small pieces are joined, because each would be a packet of its own.
        if len(waiting) >= CHUNK:
            yield bytes(waiting)
            waiting.clear()
    yield bytes(waiting) + compressor.flush()
