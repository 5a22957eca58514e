"""Checksums of files, which name them at the exchange, and of trees, which show that both sides have the same."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import BinaryIO

from . import progress
from .body import CHUNK
from .errors import BrokenOff
from .transport import Content
from .trees import LocalFile


@dataclass(frozen=True)
class HashedFile:
    """A file to send, with its size in bytes and its SHA-256."""

    file: LocalFile
    size: int
    sha256: str


def hashed(files: list[LocalFile]) -> list[HashedFile]:
    """Reads the files and returns them with their checksums."""
    found = []
    total = sum(file.source.stat().st_size for file in files)
    with progress.bar("Reading", total) as done:
        for file in files:
            with file.source.open("rb") as content:
                hashing = Hashing(content)
                while part := hashing.read(CHUNK):
                    done(len(part))
            found.append(HashedFile(file, hashing.size, hashing.sha256))
    return found


def of_tree(sums: Mapping[str, str]) -> str:
    """Returns the SHA-256 of a tree from its paths and checksums (docs/api.md)."""
    digest = hashlib.sha256()
    for path in sorted(sums):
        digest.update(f"{sums[path]}\0{path}\0".encode())
    return digest.hexdigest()


def of_files(files: Iterable[HashedFile]) -> str:
    """Returns the SHA-256 of a tree of local files."""
    return of_tree({each.file.path: each.sha256 for each in files})


def checked(content: Content, tree: str) -> Content:
    """Yields the same files; raises `BrokenOff` after the last one if they do not match the tree's digest."""
    sums = {}
    for path, file in content:
        hashing = Hashing(file)
        yield path, hashing
        # Reads the rest, because the receiver may not have read the whole file.
        while hashing.read(CHUNK):
            pass
        sums[path] = hashing.sha256
    if of_tree(sums) != tree:
        raise BrokenOff("What the exchange sent did not arrive as it was")


class Hashing:
    """A file that is read once, and its checksum so far."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._digest = hashlib.sha256()
        self.size = 0

    @property
    def sha256(self) -> str:
        """Returns the checksum of the bytes read so far, in hexadecimal."""
        return self._digest.hexdigest()

    def read(self, size: int = -1) -> bytes:
        """Returns the next bytes."""
        part = self._file.read(size)
        self._digest.update(part)
        self.size += len(part)
        return part
