"""Archives that are sent and received member by member, never whole in memory."""

from __future__ import annotations

import tarfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, Callable

from . import names
from .body import CHUNK, Body
from .errors import BrokenOff, CourierError

CONTENT_TYPE = "application/x-tar"
# The end of an archive. Without it, a part of an archive would pass for the whole.
_END = bytes(2 * tarfile.BLOCKSIZE)


@dataclass(frozen=True)
class Member:
    """A file of an archive to send."""

    name: str
    size: int
    open: Callable[[], BinaryIO]

    @staticmethod
    def of(name: str, content: bytes) -> Member:
        """Returns a member whose content is in memory."""
        return Member(name, len(content), lambda: BytesIO(content))

    @staticmethod
    def at(name: str, size: int, source: Path) -> Member:
        """Returns a member whose content is in a file."""
        return Member(name, size, lambda: source.open("rb"))


def body(members: list[Member], content_type: str = CONTENT_TYPE) -> Body:
    """Returns the archive with these members in this order."""
    length = sum(len(_header(each)) + each.size + _gap(each.size) for each in members)
    return Body(content_type, lambda: _parts(members), length + len(_END))


def _parts(members: list[Member]) -> Iterator[bytes]:
    for member in members:
        yield _header(member)
        with member.open() as file:
            yield from _content(member, file)
        yield bytes(_gap(member.size))
    yield _END


def _content(member: Member, file: BinaryIO) -> Iterator[bytes]:
    left = member.size
    while left and (part := file.read(min(CHUNK, left))):
        left -= len(part)
        yield part
    if left or file.read(1):
        raise CourierError(f"'{member.name}' changed while it was sent; try again")


def _header(member: Member) -> bytes:
    header = tarfile.TarInfo(member.name)
    header.size = member.size
    try:
        return header.tobuf(tarfile.PAX_FORMAT, "utf-8", "strict")
    except UnicodeEncodeError as error:
        shown = member.name.encode("utf-8", "replace").decode()
        raise CourierError(
            f"The name of the file '{shown}' is no text; give it another one"
        ) from error


# The kinds of members that describe the next one. `tarfile` reads them into memory whole.
_DESCRIBES = (
    tarfile.XHDTYPE,
    tarfile.XGLTYPE,
    tarfile.SOLARIS_XHDTYPE,
    tarfile.GNUTYPE_LONGNAME,
    tarfile.GNUTYPE_LONGLINK,
)
# The maximum size of such a member in bytes. It exceeds the longest path several times.
_LONGEST_DESCRIPTION = 1 << 16


class _Member(tarfile.TarInfo):
    """A member of a received archive, which takes little memory."""

    def _proc_member(self, archive: tarfile.TarFile) -> tarfile.TarInfo:
        # `tarfile` documents this method as the one to override.
        if self.type in _DESCRIBES and self.size > _LONGEST_DESCRIPTION:
            raise tarfile.ReadError("the description of a member is too long")
        return super()._proc_member(archive)


def _gap(size: int) -> int:
    return -size % tarfile.BLOCKSIZE


def read(stream: Any) -> Iterator[tuple[str, BinaryIO]]:
    """Yields the files of an archive, each to be read before the next; raises `BrokenOff` if the archive is broken."""
    with _as_broken_off():
        archive = tarfile.open(fileobj=stream, mode="r|", bufsize=CHUNK, tarinfo=_Member)
    while True:
        with _as_broken_off():
            member = archive.next()
            # `tarfile` would otherwise keep every member in memory.
            archive.members = []
            file = archive.extractfile(member) if member and member.isreg() else None
        if member is None:
            return
        if file is not None and not member.issparse():
            yield member.name, _ExtractedFile(file)
        elif not member.isdir():
            raise CourierError(
                f"The exchange sent what is no file: {names.shown(member.name)}"
            )


class _ExtractedFile:
    """A file of an archive. Faults of the archive are raised as our errors."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def read(self, size: int = -1) -> bytes:
        with _as_broken_off():
            return self._file.read(size)


@contextmanager
def _as_broken_off() -> Iterator[None]:
    try:
        yield
    except CourierError:
        raise
    # `tarfile` does not document its errors for a malformed header. ValueError and OverflowError are among them.
    except Exception as error:
        raise BrokenOff("What the exchange sent broke off") from error


def below(
    entries: Iterable[tuple[str, BinaryIO]], directory: str
) -> Iterator[tuple[str, BinaryIO]]:
    """Yields the files with their paths relative to the directory that all of them are in."""
    for name, file in entries:
        first, _, path = name.partition("/")
        if first != directory:
            raise CourierError(f"The exchange sent a file out of order: {names.shown(name)}")
        yield path, file
