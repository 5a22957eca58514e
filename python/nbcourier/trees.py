"""Directory trees on this side: which files travel, and how received ones get to where they belong."""

from __future__ import annotations

import os
import shutil
import stat
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatch
from logging import Logger
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from . import names
from .errors import CourierError

if TYPE_CHECKING:
    from nbgrader.coursedir import CourseDirectory

# nbgrader counts sizes in these.
KILOBYTE = 1000


@dataclass(frozen=True)
class LocalFile:
    """A file that travels: its path in the tree, with forward slashes, and where it lies."""

    path: str
    source: Path


def files_below(
    directory: Path, coursedir: CourseDirectory, log: Logger
) -> list[LocalFile]:
    """The files of the tree that the course's settings let travel, sorted; `CourierError` when they are too much."""
    files = sorted(
        _walk(directory, "", coursedir, log, frozenset()), key=lambda file: file.path
    )
    total = sum(file.source.stat().st_size for file in files)
    if total > coursedir.max_dir_size * KILOBYTE:
        raise CourierError(
            f"The directory '{directory}' is too large: {total} bytes, and"
            f" {coursedir.max_dir_size * KILOBYTE} are allowed (CourseDirectory.max_dir_size). Nothing was sent"
        )
    return files


def _walk(
    directory: Path,
    prefix: str,
    coursedir: CourseDirectory,
    log: Logger,
    above: frozenset[Path],
) -> Iterator[LocalFile]:
    # Links are followed, as data is often linked into a course; those that lead in a circle end here.
    above = above | {directory.resolve()}
    for entry in directory.iterdir():
        path = prefix + entry.name
        if _matches(entry.name, coursedir.ignore):
            log.debug("'%s' stays here (CourseDirectory.ignore)", path)
        elif entry.is_dir():
            if entry.resolve() in above:
                log.warning("'%s' leads back to where it is; it stays here", path)
            else:
                yield from _walk(entry, f"{path}/", coursedir, log, above)
        elif not entry.is_file():
            # A link to nothing, a socket, a pipe: opening one of those might wait for ever.
            log.warning("'%s' is no file that can be sent; it stays here", path)
        elif not _matches(entry.name, coursedir.include):
            log.debug("'%s' stays here (CourseDirectory.include)", path)
        elif entry.stat().st_size > coursedir.max_file_size * KILOBYTE:
            log.warning(
                "'%s' is too large and stays here; %d bytes are allowed (CourseDirectory.max_file_size)",
                path,
                coursedir.max_file_size * KILOBYTE,
            )
        else:
            yield LocalFile(path, entry)


def is_ignored(path: str, patterns: list[str]) -> bool:
    """Whether a received file lies in, or is, something that the course's settings leave out."""
    return any(_matches(name, patterns) for name in path.split("/"))


def _matches(name: str, patterns: list[str]) -> bool:
    return any(fnmatch(name, pattern) for pattern in patterns)


def notebooks_among(paths: list[str]) -> list[str]:
    """The notebooks at the top of a tree, sorted: those nbgrader grades and shows."""
    return sorted(path for path in paths if "/" not in path and path.endswith(".ipynb"))


def write_file(directory: Path, path: str, content: BinaryIO) -> None:
    """Writes a received file below the directory, and never outside it, whatever the other side calls it.

    It gets its name when it is complete; who reads the file meanwhile sees the one that was there, or none.
    """
    target = directory.joinpath(*names.path(path).split("/"))
    make_below(directory, target.parent)
    incomplete = _beside(target)
    try:
        with incomplete.open("wb") as file:
            shutil.copyfileobj(content, file)
        incomplete.replace(target)
    finally:
        incomplete.unlink(missing_ok=True)


def present(directory: Path, path: str) -> bool:
    """Whether there is anything already where a received file would be written."""
    return os.path.lexists(directory.joinpath(*names.path(path).split("/")))


def make_below(root: Path, directory: Path) -> None:
    """Makes the directory and those above it; `CourierError` if it is not below the root, or a link leads elsewhere.

    Each is made by itself: `Path.mkdir(parents=True)` calls itself for each level.
    """
    root.mkdir(parents=True, exist_ok=True)
    here = root
    for part in _steps(root, directory):
        here = here / part
        here.mkdir(exist_ok=True)
        if here.is_symlink() and not _is_below(here.resolve(), root.resolve()):
            raise CourierError(
                f"'{here}' is a link that leads out of '{root}'; nothing was written there"
            )


def _steps(root: Path, directory: Path) -> tuple[str, ...]:
    inside, outside = (Path(os.path.abspath(each)) for each in (directory, root))
    if not _is_below(inside, outside):
        raise CourierError(f"'{directory}' is not below '{root}'; nothing was written")
    return inside.relative_to(outside).parts


def _is_below(directory: Path, root: Path) -> bool:
    return directory == root or root in directory.parents


@contextmanager
def staged(destination: Path, *, below: Path) -> Iterator[Path]:
    """A new directory that takes the destination's place only if the block ends well.

    It lies beside the destination, so that the last step is a rename; until then what was there stays untouched.
    `CourierError` if the destination is not below that directory, by its name or because of a link on the way.
    """
    make_below(below, destination.parent)
    if Path(os.path.abspath(destination)) == Path(os.path.abspath(below)):
        raise CourierError(f"'{destination}' itself is not to be replaced")
    fresh = _beside(destination)
    fresh.mkdir()
    try:
        yield fresh
        _swap(fresh, destination)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _swap(fresh: Path, destination: Path) -> None:
    if not os.path.lexists(destination):
        fresh.rename(destination)
        return
    aside = _beside(destination)
    destination.rename(aside)
    try:
        fresh.rename(destination)
    except OSError:
        aside.rename(destination)
        raise
    if aside.is_symlink():
        aside.unlink()
    else:
        shutil.rmtree(aside, ignore_errors=True)


def _beside(destination: Path) -> Path:
    # Short, since the destination's own name may be as long as a name can be; hidden, so that no pattern finds it.
    return destination.with_name(f".nbcourier-{uuid.uuid4().hex}")


def share_with_group(directory: Path) -> None:
    """Lets the whole group read and write, for courses that several instructors grade in the same directory."""
    for folder, _, files in os.walk(directory):
        _allow(Path(folder), 0o2770)
        for name in files:
            _allow(Path(folder, name), 0o660)


def _allow(path: Path, bits: int) -> None:
    path.chmod(stat.S_IMODE(path.stat().st_mode) | bits)
