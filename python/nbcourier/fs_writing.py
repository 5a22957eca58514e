"""Changes of the directories of the exchange. Each call makes one version of a directory, whatever it changes."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import TYPE_CHECKING, Any

from .body import CHUNK, Body
from .fs_errors import as_os_errors, error
from .place import Place
from .v1.directories import BYTES, Changes

if TYPE_CHECKING:
    from .fs import NbCourierFileSystem as FileSystem


class Writing:
    """The part of the file system that writes."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        # The changes that a thread gathers for one version.
        self._gathered = threading.local()

    def pipe(self: FileSystem, path: Any, value: bytes | None = None, **options: Any) -> None:
        """Stores bytes; a dict of names and bytes as one version."""
        if not isinstance(path, dict):
            self.pipe_file(self._strip_protocol(path), value, **options)
            return
        with self._as_one_version():
            for name, content in path.items():
                self.pipe_file(self._strip_protocol(name), content, **options)

    def pipe_file(
        self: FileSystem, path: str, value: bytes, mode: str = "overwrite", **_: Any
    ) -> None:
        """Stores the bytes of a file. With the mode `create`, the file must be new."""
        place = self._file(path, to_write=True)
        content = bytes(value)
        if mode == "create" and self._found(place) is not None:
            raise error(errno.EEXIST, "The file exists", str(place))
        changes = Changes()
        changes.put(place.path, len(content), lambda: BytesIO(content))
        if mode == "create":
            changes.operations[-1]["if"] = None
        self._change(place, changes)

    def put_file(
        self: FileSystem,
        lpath: Any,
        rpath: str,
        callback: Any = None,
        mode: str = "overwrite",
        **_: Any,
    ) -> None:
        """Stores a file of this machine, in one request."""
        if os.path.isdir(lpath):
            self.makedirs(rpath, exist_ok=True)
            return
        place = self._file(rpath, to_write=True)
        size = os.path.getsize(lpath)
        if mode == "create" and self._found(place) is not None:
            raise error(errno.EEXIST, "The file exists", str(place))
        if getattr(self._gathered, "changes", None) is not None:
            changes = Changes()
            changes.put(place.path, size, lambda: open(lpath, "rb"))
            self._change(place, changes)
            return

        def parts() -> Iterator[bytes]:
            with open(lpath, "rb") as file:
                while part := file.read(CHUNK):
                    yield part

        with as_os_errors(str(place)):
            expected = None if mode == "create" else ""
            self.exchange.store(place, Body(BYTES, parts, size), expected=expected)
        self.invalidate_cache(str(place))

    def put(
        self: FileSystem, lpath: Any, rpath: Any, recursive: bool = False, **options: Any
    ) -> None:
        """Stores files of this machine; several as one version."""
        with self._as_one_version():
            super().put(lpath, rpath, recursive=recursive, **options)

    def cp_file(self: FileSystem, path1: str, path2: str, **_: Any) -> None:
        """Copies a file. The exchange has its bytes, so none are sent."""
        source, target = self._resolved(path1), self._file(path2, to_write=True)
        entry = self._entry(source)
        if not entry.is_file:
            self.makedirs(path2, exist_ok=True)
            return
        operation = {
            "op": "put",
            "path": target.path,
            "sha256": entry.sha256,
            "size": entry.size,
            "executable": entry.executable,
        }
        self._change(target, Changes([operation]))

    def copy(
        self: FileSystem, path1: Any, path2: Any, recursive: bool = False, **options: Any
    ) -> None:
        """Copies files; several as one version."""
        if recursive and isinstance(path1, str) and isinstance(path2, str):
            source, target = self._place(path1), self._place(path2)
            is_within = source.whole == target.whole and source.path and target.path
            if is_within and source.version is None and self._found(target) is None:
                operation = {"op": "copy", "from": source.path, "to": target.path}
                self._change(source, Changes([operation]))
                return
        with self._as_one_version():
            super().copy(path1, path2, recursive=recursive, **options)

    def mv(
        self: FileSystem, path1: str, path2: str, recursive: bool = False, **options: Any
    ) -> None:
        """Moves a file or folder: within a directory as one operation, otherwise by copying and removing."""
        into = str(path2).endswith("/")
        source, target = self._file(path1, to_write=True), self._file(path2, to_write=True)
        if into or self.isdir(str(target)):
            target = target.at(f"{target.path}/{source.path.rpartition('/')[2]}".lstrip("/"))
        if source == target:
            return
        if source.whole != target.whole:
            with self._as_one_version():
                super().copy(str(source), str(target), recursive=recursive, **options)
            self.rm(str(source), recursive=recursive)
            return
        operation = {"op": "move", "from": source.path, "to": target.path}
        self._change(source, Changes([operation]))

    def rm(
        self: FileSystem, path: Any, recursive: bool = False, maxdepth: int | None = None
    ) -> None:
        """Removes files, and with `recursive` folders; several as one version. A whole directory goes to the trash."""
        names = self.expand_path(path)
        if maxdepth is not None:
            below = self.expand_path(path, recursive=recursive, maxdepth=maxdepth)
            names = [name for name in below if self.isfile(name)]
        with self._as_one_version():
            for name in sorted(names, reverse=True):
                self._remove(name, recursive)

    def _remove(self: FileSystem, name: str, recursive: bool) -> None:
        place = self._resolved(name)
        self._require_current(place)
        if place.is_list:
            raise error(errno.EISDIR, "It is a list of directories", name)
        if not place.path:
            if not recursive:
                raise error(errno.EISDIR, "It is a directory. Remove it recursively", name)
            with as_os_errors(name):
                self.exchange.delete(place)
            self.invalidate_cache(name)
            return
        if not self._entry(place).is_file and not recursive:
            raise error(errno.EISDIR, "It is a directory. Remove it recursively", name)
        operation = {"op": "remove", "path": place.path, "recursive": recursive}
        self._change(place, Changes([operation]))

    def rm_file(self: FileSystem, path: str) -> None:
        """Removes a file."""
        self._remove(self._strip_protocol(path), recursive=False)

    _rm = rm_file

    def mkdir(self: FileSystem, path: str, create_parents: bool = True, **_: Any) -> None:
        """Makes a folder, or creates a directory of the exchange."""
        place = self._place(path)
        self._require_current(place)
        if place.is_list or self.exists(str(place)):
            raise error(errno.EEXIST, "It exists", str(place))
        parent = self._parent(str(place))
        if place.path and not create_parents and not self.isdir(parent):
            raise error(errno.ENOENT, "The folder above it does not exist", str(place))
        self.makedirs(str(place), exist_ok=True)

    def makedirs(self: FileSystem, path: str, exist_ok: bool = False) -> None:
        """Makes a folder with those above it. Without a path, creates a directory of the exchange."""
        place = self._place(path)
        self._require_current(place)
        if place.is_list or (not place.path and self.exists(str(place))):
            if not exist_ok:
                raise error(errno.EEXIST, "It exists", str(place))
            return
        if not place.path:
            with as_os_errors(str(place)):
                self.exchange.create(place)
            self.invalidate_cache(str(place))
            return
        if not exist_ok and self.exists(str(place)):
            raise error(errno.EEXIST, "It exists", str(place))
        self._change(place, Changes([{"op": "mkdir", "path": place.path}]))

    def rmdir(self: FileSystem, path: str) -> None:
        """Removes an empty folder, or an empty directory of the exchange."""
        place = self._resolved(path)
        self._require_current(place)
        if not self.isdir(str(place)):
            number = errno.ENOTDIR if self.exists(str(place)) else errno.ENOENT
            raise error(number, "It is no directory", str(place))
        if place.is_list or self.ls(str(place), detail=False, refresh=True):
            raise error(errno.ENOTEMPTY, "The directory has entries", str(place))
        if place.path:
            self._change(place, Changes([{"op": "remove", "path": place.path}]))
        else:
            self._remove(str(place), recursive=True)

    @contextmanager
    def _as_one_version(self: FileSystem) -> Iterator[None]:
        """Gathers the changes that this thread makes, and sends those of each directory as one version."""
        if getattr(self._gathered, "changes", None) is not None:
            yield
            return
        gathered: dict[Place, Changes] = {}
        self._gathered.changes = gathered
        try:
            yield
        finally:
            self._gathered.changes = None
        for place, changes in gathered.items():
            self._change(place, changes)

    def _change(self: FileSystem, place: Place, changes: Changes) -> None:
        gathered = getattr(self._gathered, "changes", None)
        if gathered is not None:
            gathered.setdefault(place.whole, Changes()).add(changes)
            return
        with as_os_errors(str(place)):
            self.exchange.change(place, changes)
        self.invalidate_cache(str(place))
