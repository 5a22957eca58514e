"""What is in the directories of the exchange: one request for everything below a folder, and not one for each folder."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from .answer import Answer
from .fs_errors import as_os_errors, error
from .place import Place, parse
from .v1.directories import Entry

if TYPE_CHECKING:
    from .fs import NbCourierFileSystem as FileSystem

Info = dict[str, Any]


class Listing:
    """The part of the file system that lists."""

    def info(self: FileSystem, path: str, **_: Any) -> Info:
        """Returns what is known of a file or directory. The exchange is asked each time."""
        place = self._resolved(path)
        if not place.owner:
            return _folder("")
        if place.is_list:
            if not self._directories_of(place):
                raise error(errno.ENOENT, "There is no such directory", str(place))
            return _folder(str(place))
        if place.path:
            return _info(place, self._entry(place))
        with as_os_errors(str(place)):
            shown = self.exchange.show(place)
            if place.version is not None:
                # Raises an error if the version is not kept.
                self.exchange.entry(place)
            return _directory(place, shown)

    def exists(self: FileSystem, path: str, **_: Any) -> bool:
        """Whether the caller can read such a file or directory."""
        try:
            self.info(path)
        except OSError as failure:
            # Nothing has an illegal path.
            if failure.errno in (errno.ENOENT, errno.EINVAL):
                return False
            raise
        return True

    def ls(
        self: FileSystem, path: str, detail: bool = True, refresh: bool = False, **_: Any
    ) -> list:
        """Lists the entries of a folder, the directories of an owner, or the owners of all that the caller can read."""
        name = self._strip_protocol(path)
        if refresh:
            self.dircache.pop(name, None)
        listed = self.dircache.get(name)
        if listed is None:
            listed = self._listed(self._resolved(name), is_flat=True)
            self.dircache[name] = listed
        return listed if detail else [each["name"] for each in listed]

    def find(
        self: FileSystem,
        path: str,
        maxdepth: int | None = None,
        withdirs: bool = False,
        detail: bool = False,
        **_: Any,
    ) -> Any:
        """Returns the files below a folder; with `withdirs`, also the folder itself and those below it."""
        if maxdepth is not None and maxdepth < 1:
            raise ValueError("maxdepth must be at least 1")
        try:
            place = self._resolved(path)
            listed = self._listed(place, is_flat=maxdepth == 1)
        except FileNotFoundError:
            return {} if detail else []
        base = str(place)
        found = {
            each["name"]: each
            for each in listed
            if _depth(each["name"], base) <= (maxdepth or 1 << 20)
        }
        if base and base not in found:
            found[base] = {"name": base, "size": 0, "type": "directory"}
        if not withdirs:
            found = {name: each for name, each in found.items() if each["type"] == "file"}
        names = sorted(found)
        return {name: found[name] for name in names} if detail else names

    def walk(
        self: FileSystem,
        path: str,
        maxdepth: int | None = None,
        topdown: bool = True,
        on_error: Any = "omit",
        detail: bool = False,
        **_: Any,
    ) -> Iterator[tuple[str, Any, Any]]:
        """Yields each folder with its folders and files. The caller may remove folders from the list to skip them."""
        if maxdepth is not None and maxdepth < 1:
            raise ValueError("maxdepth must be at least 1")
        try:
            place = self._resolved(path)
            listed = self._listed(place, is_flat=maxdepth == 1)
        except OSError as failure:
            if on_error == "raise":
                raise
            if callable(on_error):
                on_error(failure)
            return
        base = str(place)
        below: dict[str, tuple[Info, Info]] = {base: ({}, {})}
        for each in listed:
            is_folder = each["type"] == "directory"
            folder = below.setdefault(self._parent(each["name"]), ({}, {}))
            folder[0 if is_folder else 1][each["name"].rpartition("/")[2]] = each
        yield from _walk(below, base, maxdepth, topdown, detail)

    def invalidate_cache(self: FileSystem, path: str | None = None) -> None:
        """Forgets the listings of the directory that the path is in, and those of owners."""
        whole = str(parse(path).whole) if path else ""
        for name in list(self.dircache):
            listed = parse(name)
            if not path or listed.is_list or str(listed.whole) == whole:
                self.dircache.pop(name, None)
        super().invalidate_cache(path)

    def _listed(self: FileSystem, place: Place, *, is_flat: bool) -> list[Info]:
        if not place.is_list:
            with as_os_errors(str(place)):
                entries = self.exchange.entries(place, is_flat=is_flat)
            return [_info(place.at(each.path), each) for each in entries]
        directories = self._directories_of(place)
        if place.owner and not directories:
            raise error(errno.ENOENT, "There is no such directory", str(place))
        owners = {at.owner: _folder(at.owner) for at, _ in directories}
        found = [] if place.owner else list(owners.values())
        if place.owner or not is_flat:
            found += [_directory(at, shown) for at, shown in directories]
        if not is_flat:
            for at, _ in directories:
                found += self._listed(at, is_flat=False)
        return found

    def _directories_of(self: FileSystem, place: Place) -> list[tuple[Place, Answer]]:
        """Returns the directories of an owner, or all."""
        query = {"owner": place.owner} if place.owner else {}
        found = []
        for each in self._all(str(place), **query):
            owner = each.part("owner")
            prefix = "course:" if owner.text("kind") == "course" else ""
            at = Place(prefix + owner.text("name"), each.text("name"))
            # Otherwise the name would mean another directory.
            if parse(str(at)) == at:
                found.append((at, each))
        return found


def _depth(name: str, base: str) -> int:
    return name.count("/") - base.count("/") + (0 if base else 1)


def _walk(
    below: dict[str, tuple[Info, Info]], path: str, depth: int | None, topdown: bool, detail: bool
) -> Iterator[tuple[str, Any, Any]]:
    folders, files = below.get(path, ({}, {}))
    places = {name: each["name"] for name, each in folders.items()}
    shown = (path, folders, files) if detail else (path, list(folders), list(files))
    if topdown:
        yield shown
    # The caller may have removed some.
    for name in list(shown[1]):
        if depth != 1:
            yield from _walk(below, places[name], depth and depth - 1, topdown, detail)
    if not topdown:
        yield shown


def _folder(name: str) -> Info:
    return {"name": name, "size": 0, "type": "directory"}


def _directory(place: Place, shown: Answer) -> Info:
    current = {
        "files": shown.number("files"),
        "bytes": shown.number("bytes"),
        "sha256": shown.text_or_none("tree") or "",
    }
    return {
        **_folder(str(place)),
        "version": place.version or shown.number("version"),
        "may": shown.text("may"),
        **(current if place.version is None else {}),
    }


def _info(place: Place, entry: Entry) -> Info:
    if not entry.is_file:
        return {**_folder(str(place)), "version": entry.version, "since": entry.since}
    return {
        "name": str(place),
        "size": entry.size,
        "type": "file",
        "sha256": entry.sha256,
        "md5": entry.md5 or None,
        "executable": entry.executable,
        "version": entry.version,
        "since": entry.since,
    }
