"""The requests of directories: named sequences of versions of trees, which people and courses share."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, BinaryIO, Callable

from .. import names, tar
from ..answer import Answer
from ..body import CHUNK, Body
from ..dates import parse
from ..digest import Hashing
from ..errors import BrokenOff, CourierError, Illegal, Refused
from ..place import Place
from ..reply import Incoming, Reply
from .client import V1Client, json_body

BYTES = "application/octet-stream"
_CHANGES_AND_BYTES = "application/vnd.nbcourier.changes+x-tar"
_MISSING = "urn:nbcourier:missing-blobs"
# The maximum size of changes that are sent with all bytes at once. Asking first would take as long.
_SMALL = 1 << 16
# The maximum number of requests. A third is needed only if files vanish from the exchange in between.
_ROUNDS = 3


@dataclass(frozen=True)
class Entry:
    """A file or folder in a version of a directory. Folders have no checksum."""

    path: str
    # The version of the directory, and the one with which the entry has had its content.
    version: int
    since: int
    size: int = 0
    sha256: str = ""
    md5: str = ""
    executable: bool = False

    @property
    def is_file(self) -> bool:
        return bool(self.sha256)


@dataclass
class Changes:
    """Operations on the paths of one directory, and the files whose bytes they need, by their SHA-256."""

    operations: list[dict[str, Any]] = field(default_factory=list)
    sources: dict[str, tar.Member] = field(default_factory=dict)

    def add(self, other: Changes) -> None:
        """Adds the operations of others."""
        self.operations += other.operations
        self.sources.update(other.sources)

    def put(self, path: str, size: int, open_it: Callable[[], BinaryIO]) -> None:
        """Adds the operation that gives a path these bytes."""
        with open_it() as file:
            hashing = Hashing(file)
            while hashing.read(CHUNK):
                pass
        sha256 = hashing.sha256
        self.sources[sha256] = tar.Member(sha256, size, open_it)
        operation = {"op": "put", "path": path, "sha256": sha256, "size": hashing.size}
        self.operations.append(operation)


class V1Directories(V1Client):
    """A client for the directories of one exchange. `Refused` tells what the exchange does not do."""

    def all(self, **query: str) -> list[Answer]:
        """Returns the directories that the caller can read."""
        pages = self._pages("directories", **query)
        return [each for page in pages for each in page.parts("directories")]

    def show(self, place: Place) -> Answer:
        """Returns a directory with its current version."""
        return self._get(*_address(place))

    def create(self, place: Place) -> Answer:
        """Creates an empty directory."""
        new = {"owner": place.owner, "name": place.directory}
        return self._ask("POST", "directories", body=json_body(new))

    def delete(self, place: Place) -> None:
        """Moves a directory to the trash."""
        self._delete(*_address(place))

    def entries(self, place: Place, *, is_flat: bool) -> list[Entry]:
        """Returns the entries below a folder, or the entry of a file."""
        query = _query(place, path=place.path, depth="1" if is_flat else "all")
        found = []
        for page in self._pages(*_address(place, "entries"), **query):
            found += self._entries(page)
        return found

    def entry(self, place: Place) -> Entry:
        """Returns the entry of a path."""
        query = _query(place, path=place.path, depth="1", limit="1")
        page = self._get(*_address(place, "entries"), **query)
        for each in self._entries(page):
            if each.path == place.path:
                return each
        version = page.number("version")
        return Entry(place.path, version, version)

    def _entries(self, page: Answer) -> list[Entry]:
        version = page.number("version")
        # A path that leads elsewhere could be written to this machine.
        return self._connection.usable(page.parts("entries"), lambda each: _entry(each, version))

    def changed_at(self, place: Place) -> datetime:
        """Returns the time of the last kept version in which the path changed, up to the version of the place."""
        address, query = _address(place, "versions"), {}
        if place.path:
            address, query = _address(place, "history"), {"path": place.path}
        for page in self._pages(*address, **query):
            for each in page.parts("versions"):
                if place.version is None or each.number("version") <= place.version:
                    return parse(each.text("made_at"))
        raise Illegal("No kept version tells when it changed")

    def receive(self, place: Place, sha256: str, file: BinaryIO) -> None:
        """Writes a file with this checksum to the beginning of `file`, in one request."""

        def use(reply: Reply) -> None:
            # An earlier reply may have broken off.
            file.seek(0)
            file.truncate()
            hashing = Hashing(_stream(reply))
            while part := hashing.read(CHUNK):
                file.write(part)
            if hashing.sha256 != sha256:
                raise BrokenOff("What the exchange sent did not arrive as it was")

        self._ask("GET", *_file(place), query=_query(place), use=use, repeatable=True)

    def piece(self, place: Place, start: int, end: int, sha256: str = "") -> bytes:
        """Returns the bytes from `start` up to `end`, fewer at the end of the file.

        `sha256`: the checksum that the file must still have.
        """

        def use(reply: Reply) -> bytes:
            if sha256 and reply.header("ETag") != f'"{sha256}"':
                raise CourierError(f"{place} changed while it was read. Open it again")
            incoming = _stream(reply)
            if reply.status != 206:
                _skip(incoming, start)
            return incoming.whole(end - start)

        if start >= end:
            return b""
        headers = {"Range": f"bytes={start}-{end - 1}"}
        try:
            return self._ask(
                "GET",
                *_file(place),
                query=_query(place),
                headers=headers,
                use=use,
                repeatable=True,
            )
        except Refused as refused:
            # The file ends before the range.
            if refused.says(416):
                return b""
            raise

    def store(self, place: Place, body: Body, *, expected: str | None = "") -> Answer:
        """Stores a file. `expected`: the SHA-256 that it must have now; None for no file."""
        headers = {"If-Match": f'"{expected}"'} if expected else {}
        if expected is None:
            headers = {"If-None-Match": "*"}
        return self._ask(
            "PUT", *_file(place), body=body.compressed(), headers=headers, repeatable=True
        )

    def change(self, place: Place, changes: Changes) -> Answer:
        """Applies the changes as one version of the directory. Bytes that the exchange has are not sent."""
        document = {"changes": changes.operations}
        sources = changes.sources
        is_small = sum(each.size for each in sources.values()) <= _SMALL
        needed = list(sources.values()) if is_small else []
        # A move that is repeated finds nothing to move.
        repeatable = all(each["op"] != "move" for each in changes.operations)
        for _ in range(_ROUNDS):
            try:
                return self._ask(
                    "POST",
                    *_address(place, "changes"),
                    body=_with_bytes(document, needed),
                    repeatable=repeatable,
                )
            except Refused as refused:
                needed = _missing(refused, sources)
        raise CourierError("The exchange keeps forgetting what was sent; try again later")


def _address(place: Place, *more: str) -> tuple[str, ...]:
    return "directories", place.owner, place.directory, *more


def _file(place: Place) -> tuple[str, ...]:
    return _address(place, "files", *place.path.split("/"))


def _query(place: Place, **query: str) -> dict[str, str]:
    version = {} if place.version is None else {"version": str(place.version)}
    return {name: value for name, value in query.items() if value} | version


def _entry(listed: Answer, version: int) -> Entry:
    path, since = names.path(listed.text("path")), listed.number("since")
    if listed.text("kind") != "file":
        return Entry(path, version, since)
    return Entry(
        path,
        version,
        since,
        listed.number("size"),
        listed.text("sha256"),
        listed.text_or_none("md5") or "",
        listed.flag("executable"),
    )


def _stream(reply: Reply) -> Incoming:
    return reply.stream(BYTES, lambda _: None, "file")


def _skip(incoming: Incoming, left: int) -> None:
    # A server in between has left out the range, and sends the whole file.
    while left and (part := incoming.read(min(left, CHUNK))):
        left -= len(part)


def _with_bytes(document: dict[str, Any], needed: Iterable[tar.Member]) -> Body:
    members = list(needed)
    if not members:
        return json_body(document).compressed()
    first = tar.Member.of("changes.json", json.dumps(document).encode())
    return tar.body([first, *members], _CHANGES_AND_BYTES).compressed()


def _missing(refused: Refused, sources: dict[str, tar.Member]) -> list[tar.Member]:
    problem = refused.problem or {}
    if problem.get("type") != _MISSING:
        raise refused
    try:
        return [sources[sha256] for sha256 in dict.fromkeys(problem["missing"])]
    except (KeyError, TypeError) as error:
        raise CourierError("The exchange asks for files that are not here") from error
