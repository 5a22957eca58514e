"""The directories of the exchange as a file system of fsspec, so that pandas and others read and write them by name.

    pandas.read_csv("nbcourier://algebra:data/weather.csv")

The address of the exchange and the token are those of the notebook server. A name never contains them, so a name from
elsewhere leads to no other server.
"""

from __future__ import annotations

import errno
import logging
import os
from dataclasses import replace
from datetime import datetime
from functools import cached_property
from io import BytesIO
from typing import Any

from fsspec.spec import AbstractFileSystem
from fsspec.utils import stringify_path

from . import address, dates
from .answer import Answer
from .environment import Environment, token
from .fs_errors import as_os_errors, error
from .fs_files import FileToRead, FileToWrite
from .fs_listing import Listing
from .fs_writing import Writing
from .http import Connection
from .place import Place, parse
from .v1.directories import Entry, V1Directories

_LOG = logging.getLogger("nbcourier")
_NOTHING = "There is no such directory"
# In an address these lead to another place than the intended one.
_STEPS = {".", ".."}


class NbCourierFileSystem(Listing, Writing, AbstractFileSystem):
    """The directories that the caller can read."""

    protocol = "nbcourier"
    root_marker = ""
    # Bytes that are requested beyond those that are read. Formats with columns read many small pieces.
    blocksize = 1 << 20

    def __init__(
        self,
        timeout: float = 60.0,
        attempts: int = 4,
        use_listings_cache: bool = False,
        **options: Any,
    ) -> None:
        """`timeout`: the longest silence, in seconds; `attempts`: the maximum number of times a request is sent.

        Listings are not cached by default, because others change directories too.
        """
        super().__init__(use_listings_cache=use_listings_cache, **options)
        self._timeout = timeout
        self._attempts = attempts

    @cached_property
    def exchange(self) -> V1Directories:
        """Returns the exchange, which is asked at the first use."""
        found = address.find("", "", Environment())
        connection = Connection(
            found, token(), timeout=self._timeout, attempts=self._attempts, log=_LOG
        )
        return V1Directories(connection)

    @classmethod
    def _strip_protocol(cls, path: Any) -> Any:
        if isinstance(path, list):
            return [cls._strip_protocol(each) for each in path]
        return str(parse(stringify_path(path)))

    @classmethod
    def _parent(cls, path: Any) -> str:
        place = parse(stringify_path(path))
        if place.path:
            return str(place.at(place.path.rpartition("/")[0]))
        return place.owner if place.directory else ""

    def unstrip_protocol(self, name: str) -> str:
        """Returns the name with the protocol."""
        return f"nbcourier://{self._strip_protocol(name)}"

    def _open(
        self,
        path: str,
        mode: str = "rb",
        block_size: int | str | None = None,
        autocommit: bool = True,
        cache_options: dict[str, Any] | None = None,
        **options: Any,
    ) -> Any:
        place = self._file(path)
        size = block_size if isinstance(block_size, int) else self.blocksize
        options = {"cache_options": cache_options, **options}
        if mode == "rb":
            return FileToRead(self, place, self._entry_of_file(place), size, **options)
        if mode not in ("wb", "ab", "xb"):
            raise ValueError(f"The mode '{mode}' is not supported. Use rb, wb, ab or xb")
        self._require_current(place)
        before = self._found(place) if mode != "wb" else None
        if before is not None and not before.is_file:
            raise error(errno.EISDIR, "It is a directory", path)
        if before is not None and mode == "xb":
            raise error(errno.EEXIST, "The file exists", path)
        condition: dict[str, Any] = {}
        if mode != "wb":
            condition = {"expected": before.sha256 if before else None, "before": before}
        return FileToWrite(self, place, size, autocommit=autocommit, **condition, **options)

    def cat_file(
        self, path: str, start: int | None = None, end: int | None = None, **_: Any
    ) -> bytes:
        """Returns the bytes of a file, or only those from `start` up to `end`. Negative ones count from the end."""
        place = self._file(path)
        if start is None and end is None:
            content = BytesIO()
            self._receive(place, self._entry_of_file(place), content)
            return content.getvalue()
        start = start or 0
        if start < 0 or end is None or end < 0:
            size = self._entry_of_file(place).size
            start = max(0, start + size) if start < 0 else start
            end = size if end is None else end + size if end < 0 else end
        with as_os_errors(str(place)):
            return self.exchange.piece(place, start, end)

    def get_file(
        self, rpath: str, lpath: Any, callback: Any = None, outfile: Any = None, **_: Any
    ) -> None:
        """Writes a file to this machine, in one request."""
        place = self._resolved(rpath)
        entry = None if place.is_list or not place.path else self._entry(place)
        if entry is None or not entry.is_file:
            os.makedirs(lpath, exist_ok=True)
            return
        if outfile is not None:
            self._receive(place, entry, outfile)
            return
        if parent := os.path.dirname(os.fspath(lpath)):
            os.makedirs(parent, exist_ok=True)
        with open(lpath, "wb") as file:
            self._receive(place, entry, file)

    def _receive(self, place: Place, entry: Entry, file: Any) -> None:
        with as_os_errors(str(place)):
            self.exchange.receive(replace(place, version=entry.version), entry.sha256, file)

    def checksum(self, path: str) -> str:
        """Returns the SHA-256 of a file; of a directory, its version."""
        found = self.info(path)
        return found.get("sha256") or f"version {found.get('version', '')}"

    # The same bytes have the same key in every version, so a cache keeps them.
    ukey = checksum

    def created(self, path: str) -> datetime:
        """Returns the time at which a directory was created. Of files, only the last change is known."""
        place = self._resolved(path)
        if place.is_list or place.path:
            raise NotImplementedError(
                "The exchange knows when files changed, and not when they were created"
            )
        with as_os_errors(str(place)):
            return dates.parse(self.exchange.show(place).text("created_at"))

    def modified(self, path: str) -> datetime:
        """Returns the time of the last kept version in which the file or directory changed."""
        place = self._resolved(path)
        if place.is_list:
            raise NotImplementedError("A list of directories has no time")
        with as_os_errors(str(place)):
            return self.exchange.changed_at(place)

    def _place(self, name: str) -> Place:
        """Returns the place with this name; raises an error if nothing can have it."""
        place = parse(name)
        is_gap = (place.path and not place.directory) or (place.directory and not place.owner)
        if is_gap or {place.owner, place.directory} & _STEPS:
            raise error(errno.ENOENT, _NOTHING, str(place))
        if place.path and {"", *_STEPS} & set(place.path.split("/")):
            raise error(errno.EINVAL, "Illegal path", str(place))
        return place

    def _file(self, name: str, *, to_write: bool = False) -> Place:
        """Returns the place of a file, which may not exist."""
        place = self._place(name)
        if place.is_list or not place.path:
            raise error(errno.EISDIR, "It is a directory", str(place))
        if to_write:
            self._require_current(place)
        return place

    def _require_current(self, place: Place) -> None:
        if place.version is not None:
            sentence = "Versions never change. Leave out the version"
            raise error(errno.EACCES, sentence, str(place))

    def _entry_of_file(self, place: Place) -> Entry:
        entry = self._entry(place)
        if not entry.is_file:
            raise error(errno.EISDIR, "It is a directory", str(place))
        return entry

    def _entry(self, place: Place) -> Entry:
        with as_os_errors(str(place)):
            return self.exchange.entry(place)

    def _found(self, place: Place) -> Entry | None:
        try:
            return self._entry(place)
        except FileNotFoundError:
            return None

    def _resolved(self, name: str) -> Place:
        """Returns the place. A bare name is that of one of the caller's own directories, or else that of an owner."""
        place = self._place(name)
        if not place.is_short:
            return place
        for each in self._all(str(place), reach="own"):
            if each.text("name") == place.owner:
                return Place(each.part("owner").text("name"), place.owner, "", place.version)
        if place.version is not None:
            raise error(errno.ENOENT, _NOTHING, str(place))
        return place

    def _all(self, name: str, **query: str) -> list[Answer]:
        with as_os_errors(name):
            return self.exchange.all(**query)
