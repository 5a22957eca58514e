"""Checksums: of files, by which the exchange knows them, and of trees, by which both sides know that they agree."""

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
class Summed:
    """A file that travels, with its size in bytes and its SHA-256."""

    file: LocalFile
    size: int
    sha256: str


def summed(files: list[LocalFile]) -> list[Summed]:
    """The files with their sums, for which each is read."""
    found = []
    total = sum(file.source.stat().st_size for file in files)
    with progress.bar("Reading", total) as done:
        for file in files:
            with file.source.open("rb") as content:
                hashing = Hashing(content)
                while part := hashing.read(CHUNK):
                    done(len(part))
            found.append(Summed(file, hashing.size, hashing.sha256))
    return found


def of_tree(sums: Mapping[str, str]) -> str:
    """The SHA-256 that names a tree, from those of its files by their paths (api-specifications.md, "Our own API")."""
    digest = hashlib.sha256()
    for path in sorted(sums):
        digest.update(f"{sums[path]}\0{path}\0".encode())
    return digest.hexdigest()


def of_files(files: Iterable[Summed]) -> str:
    """The same for files that lie here."""
    return of_tree({each.file.path: each.sha256 for each in files})


def checked(content: Content, tree: str) -> Content:
    """The same files; after the last `BrokenOff` is raised if they are not those of the tree."""
    sums = {}
    for path, file in content:
        hashing = Hashing(file)
        yield path, hashing
        # Whoever does not want it leaves it unread.
        while hashing.read(CHUNK):
            pass
        sums[path] = hashing.sha256
    if of_tree(sums) != tree:
        raise BrokenOff("What the exchange sent did not arrive as it was")


class Hashing:
    """A file that is read once, and its sum so far."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._digest = hashlib.sha256()
        self.size = 0

    @property
    def sha256(self) -> str:
        """Of what was read, in hexadecimal."""
        return self._digest.hexdigest()

    def read(self, size: int = -1) -> bytes:
        """The next bytes."""
        part = self._file.read(size)
        self._digest.update(part)
        self.size += len(part)
        return part
