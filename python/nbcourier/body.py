"""What a request carries: made while it is sent, and made anew when it is sent again."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Callable

CHUNK = 1 << 16
# Less is sent as it is: what could be saved is shorter than the headers around it.
_WORTH_COMPRESSING = 1 << 10
# Below this share of its size something is worth the time that compressing takes. Pictures and archives never are.
_PAYS = 0.7
# Level 1: a network is soon faster than a better one.
_LEVEL = 1
_GZIP_FORMAT = 16 + zlib.MAX_WBITS


@dataclass(frozen=True)
class Body:
    """Bytes of some type: `parts` gives them from the beginning each time it is called."""

    content_type: str
    parts: Callable[[], Iterable[bytes]]
    # How many there are, or None when nobody knows yet.
    length: int | None = None
    encoding: str | None = None

    @staticmethod
    def of(content_type: str, content: bytes) -> Body:
        """One that is in memory already."""

        def parts() -> Iterator[bytes]:
            for start in range(0, len(content), CHUNK):
                yield content[start : start + CHUNK]

        return Body(content_type, parts, len(content))

    @property
    def headers(self) -> dict[str, str]:
        """What is said about it."""
        encoding = {"Content-Encoding": self.encoding} if self.encoding else {}
        return {"Content-Type": self.content_type} | encoding

    def compressed(self) -> Body:
        """The same with gzip, if its beginning says that this pays."""
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
        # Not every little piece for itself, for each would be a packet of its own.
        if len(waiting) >= CHUNK:
            yield bytes(waiting)
            waiting.clear()
    yield bytes(waiting) + compressor.flush()
