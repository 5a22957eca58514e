"""Directory trees on this side: the choice of the files to send, and the writing of received files."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import stat
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from enum import Enum, auto
from fnmatch import fnmatch
from itertools import takewhile
from logging import Logger
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from . import names
from .errors import CourierError, some

if TYPE_CHECKING:
    from nbgrader.coursedir import CourseDirectory

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

# nbgrader's unit of sizes.
KILOBYTE = 1000
# The beginning of the names of our own files and directories beside the user's.
_OURS = ".nbcourier-"
# The names of directories that are not complete yet.
_STAGED = re.compile(re.escape(_OURS) + "[0-9a-f]{32}")
# The longest time for which a directory is staged, in seconds.
_LONGEST_STAGED_S = 24 * 3600.0


@dataclass(frozen=True)
class LocalFile:
    """A file to send: its path in the tree, with forward slashes, and its location."""

    path: str
    source: Path


class ReasonKind(Enum):
    """The kind of reason for which something is not sent."""

    # The course's settings exclude it, so nobody expects it to be sent.
    SETTING = auto()
    # It is an empty directory, and only files are sent.
    EMPTY = auto()
    # No setting excludes it.
    UNEXPECTED = auto()


@dataclass(frozen=True)
class UnsentEntry:
    """An entry of a tree that is not sent. A directory's path ends with a slash."""

    path: str
    kind: ReasonKind
    reason: str

    def holds(self, path: str) -> bool:
        """Whether a file of this path is this entry, or would be in it."""
        return path == self.path or (
            self.path.endswith("/") and path.startswith(self.path)
        )

    def __str__(self) -> str:
        return f"'{shown(self.path)}' {self.reason}"


@dataclass(frozen=True)
class Selection:
    """The entries of a directory that are sent and those that are not, each sorted by path."""

    files: list[LocalFile]
    left: list[UnsentEntry]

    @property
    def unexpected(self) -> list[UnsentEntry]:
        """Returns the entries that are not sent although no setting excludes them."""
        return [each for each in self.left if each.kind is ReasonKind.UNEXPECTED]

    @property
    def unasked(self) -> list[UnsentEntry]:
        """Returns the same entries, and empty directories, which cannot be sent."""
        return [each for each in self.left if each.kind is not ReasonKind.SETTING]

    def excluded_by_course(self, coursedir: CourseDirectory) -> list[UnsentEntry]:
        """Returns the entries that the course's own settings exclude. nbgrader's defaults exclude what nobody misses."""
        usual = coursedir.trait_defaults("ignore")
        return [
            each
            for each in self.left
            if each.kind is ReasonKind.SETTING
            and not _is_named(each.path.rstrip("/"), each.path.endswith("/"), usual)
        ]

    def report(self, log: Logger) -> None:
        """Logs all entries that are not sent."""
        for each in self.unasked:
            log.warning("%s", each)
        by_setting = [each for each in self.left if each.kind is ReasonKind.SETTING]
        if by_setting:
            names = some([f"'{shown(each.path)}'" for each in by_setting])
            log.info("Left here, as the course's settings say: %s", names)


def select(directory: Path, coursedir: CourseDirectory) -> Selection:
    """Returns the entries that the course's settings allow; raises `CourierError` if they are too large."""
    found = list(_walk(directory, coursedir))
    files = sorted(
        (each for each in found if isinstance(each, LocalFile)),
        key=lambda file: file.path,
    )
    left = sorted(
        (each for each in found if isinstance(each, UnsentEntry)),
        key=lambda each: each.path,
    )
    total = sum(file.source.stat().st_size for file in files)
    if total > coursedir.max_dir_size * KILOBYTE:
        raise CourierError(
            f"The directory '{directory}' is too large: {total} bytes, and"
            f" {coursedir.max_dir_size * KILOBYTE} are allowed (CourseDirectory.max_dir_size). Nothing was sent"
        )
    return Selection(files, left)


def _walk(root: Path, coursedir: CourseDirectory) -> Iterator[LocalFile | UnsentEntry]:
    # A list instead of recursion, because directories may be nested more deeply than Python's stack allows.
    # A link to a directory above would send everything there, such as the home directory.
    above_root = (root, *root.resolve().parents)
    waiting = [(root, "", frozenset(_identity(each) for each in above_root))]
    while waiting:
        directory, prefix, above = waiting.pop()
        try:
            entries = list(directory.iterdir())
        except OSError as error:
            if not prefix:
                raise
            yield UnsentEntry(prefix, ReasonKind.UNEXPECTED, f"stays here: {error.strerror}")
            continue
        if prefix and not entries:
            reason = "is an empty directory and stays here, as only files travel"
            yield UnsentEntry(prefix, ReasonKind.EMPTY, reason)
        for entry in entries:
            path = prefix + entry.name
            try:
                unsent = _judged(entry, path, coursedir)
                if unsent is None:
                    identity = _identity(entry)
                    if identity in above:
                        reason = "stays here, because it leads to a directory above it"
                        unsent = UnsentEntry(f"{path}/", ReasonKind.UNEXPECTED, reason)
            except OSError as error:
                reason = f"cannot be read and stays here: {error.strerror}"
                unsent = UnsentEntry(path, ReasonKind.UNEXPECTED, reason)
            if unsent is not None:
                yield unsent
            else:
                waiting.append((entry, f"{path}/", above | {identity}))


def _judged(
    entry: Path, path: str, coursedir: CourseDirectory
) -> LocalFile | UnsentEntry | None:
    """Returns the entry as it is sent or left out; None for a directory to descend into."""
    # Links are followed, because data is often linked into a course.
    is_directory = entry.is_dir()
    named = f"{path}/" if is_directory else path
    if _is_named(path, is_directory, coursedir.ignore):
        return UnsentEntry(named, ReasonKind.SETTING, "stays here (CourseDirectory.ignore)")
    if reason := names.fault_of_path(path):
        return UnsentEntry(named, ReasonKind.UNEXPECTED, f"stays here: {reason}")
    if is_directory:
        return None
    if not entry.is_file():
        # A broken link, a socket or a pipe; opening a pipe might block for ever.
        reason = "is no file that can be sent; it stays here"
        return UnsentEntry(path, ReasonKind.UNEXPECTED, reason)
    if not _is_named(path, False, coursedir.include):
        return UnsentEntry(path, ReasonKind.SETTING, "stays here (CourseDirectory.include)")
    size, limit = entry.stat().st_size, coursedir.max_file_size * KILOBYTE
    if size > limit:
        return UnsentEntry(
            path,
            ReasonKind.UNEXPECTED,
            f"is too large and stays here; it has {size} bytes, and {limit} are allowed (CourseDirectory.max_file_size)",
        )
    with entry.open("rb"):
        return LocalFile(path, entry)


def _identity(directory: Path) -> tuple[int, int]:
    about = directory.stat()
    return about.st_dev, about.st_ino


def shown(path: str) -> str:
    """Returns the path for a person, with escapes for unprintable characters, such as `\\xe4` for a non-UTF-8 byte."""
    return "".join(
        each
        if each.isprintable()
        else f"\\x{ord(each) - 0xDC00:02x}"
        if "\udc80" <= each <= "\udcff"
        else each.encode("unicode_escape").decode()
        for each in path
    )


def is_ignored(path: str, patterns: list[str]) -> bool:
    """Whether the course's settings exclude a received file, or a directory that it is in."""
    steps = path.split("/")
    above = ("/".join(steps[:depth]) for depth in range(1, len(steps)))
    return _is_named(path, False, patterns) or any(
        _is_named(each, True, patterns) for each in above
    )


def _is_named(path: str, is_directory: bool, patterns: list[str]) -> bool:
    """Whether a pattern matches the path: by the name as in nbgrader, or with a slash by the place in the tree."""
    name = path.rpartition("/")[2]
    return any(
        fnmatch(name, pattern)
        or ("/" in pattern and _is_at(path, is_directory, pattern))
        for pattern in patterns
    )


def _is_at(path: str, is_directory: bool, pattern: str) -> bool:
    # The rules of .gitignore, which people know. Such patterns mean nothing to nbgrader, as no name contains a slash.
    wanted = pattern.removeprefix("./").split("/")
    if not wanted[-1]:
        if not is_directory:
            return False
        wanted.pop()
    if wanted[-1:] == ["**"] and not is_directory:
        # A trailing `**` matches the files in the directory, and not a file of the directory's name.
        wanted.append("*")
    if wanted[:1] == [""]:
        wanted.pop(0)
    elif len(wanted) == 1:
        # A pattern without a slash before its end matches a name at any depth.
        wanted.insert(0, "**")
    return _leads(path.split("/"), wanted)


def _leads(steps: list[str], wanted: list[str]) -> bool:
    """Whether the steps match the patterns one by one; `**` matches any number of steps."""
    if not wanted:
        return not steps
    if wanted[0] == "**":
        return any(_leads(steps[skip:], wanted[1:]) for skip in range(len(steps) + 1))
    return bool(steps) and fnmatch(steps[0], wanted[0]) and _leads(steps[1:], wanted[1:])


def notebooks_among(paths: list[str]) -> list[str]:
    """Returns the notebooks at the top of a tree, sorted; nbgrader grades and shows these, but not hidden ones."""
    return sorted(
        path
        for path in paths
        if "/" not in path and path.endswith(".ipynb") and not path.startswith(".")
    )


def write_file(
    directory: Path, path: str, content: BinaryIO, *, unread: bool = False
) -> None:
    """Writes a received file below the directory, and never outside of it, whatever its path is.

    The file gets its name when it is complete. Until then readers see the earlier file, or none. `unread`: nobody reads
    the directory yet, so a new file may have its name at once.
    """
    target = directory.joinpath(*names.path(path).split("/"))
    make_below(directory, target.parent)
    if unread:
        # This mode never follows a link. Names that are the same on this file system take the other way.
        with suppress(FileExistsError), target.open("xb") as file:
            shutil.copyfileobj(content, file)
            return
    incomplete = _beside(target)
    try:
        with incomplete.open("wb") as file:
            shutil.copyfileobj(content, file)
        incomplete.replace(target)
    finally:
        incomplete.unlink(missing_ok=True)


def present(directory: Path, path: str) -> bool:
    """Whether something exists where a received file would be written."""
    return os.path.lexists(directory.joinpath(*names.path(path).split("/")))


class LinkInTheWay(CourierError):
    """A link is in the place of something to write."""


def make_below(root: Path, directory: Path, *, over_links: bool = False) -> None:
    """Makes the directory and its parents. Raises `CourierError` if it is not below the root.

    Raises `LinkInTheWay` at a link.

    Each is made in a loop, because `Path.mkdir(parents=True)` calls itself for each level. `over_links`: whether to
    follow links that lead to somewhere below the root.
    """
    if not root.is_dir():
        root.mkdir(parents=True, exist_ok=True)
    here = root
    for part in _steps(root, directory):
        here = here / part
        if here.is_symlink():
            if not over_links:
                raise LinkInTheWay(
                    f"'{here}' is a link, and nothing is written through it. Remove the link, and try again"
                )
            if not _is_below(here.resolve(), root.resolve()):
                raise LinkInTheWay(
                    f"'{here}' is a link that leads out of '{root}'; nothing was written there"
                )
        here.mkdir(exist_ok=True)


def _steps(root: Path, directory: Path) -> list[str]:
    # As texts, since this is part of the writing of each file.
    inside, outside = os.path.abspath(directory), os.path.abspath(root)
    if inside == outside:
        return []
    above = outside.rstrip(os.sep) + os.sep
    if not inside.startswith(above):
        raise CourierError(f"'{directory}' is not below '{root}'; nothing was written")
    return inside.removeprefix(above).split(os.sep)


def _is_below(directory: Path, root: Path) -> bool:
    return directory == root or root in directory.parents


@contextmanager
def staged(destination: Path, *, below: Path) -> Iterator[Path]:
    """Yields a new directory that replaces the destination only if the block succeeds.

    It is made beside the destination, so that the last step is a rename. The old content stays untouched until then.
    After a failure nothing of it remains, nor any directory that was made for it. Files that a killed process left
    beside the destination are removed.
    Raises `CourierError` if the destination is not below the given directory, by its name or through a link.
    """
    parent = destination.parent
    missing = list(takewhile(lambda each: not os.path.lexists(each), destination.parents))
    try:
        make_below(below, parent, over_links=True)
        if Path(os.path.abspath(destination)) == Path(os.path.abspath(below)):
            raise CourierError(f"'{destination}' itself is not to be replaced")
        fresh = _beside(destination)
        try:
            with ExitStack() as stack:
                with _locked(parent):
                    _remove_abandoned(parent)
                    fresh.mkdir()
                    stack.enter_context(_locked(fresh))
                yield fresh
                with _locked(parent):
                    _swap(fresh, destination)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
    except BaseException:
        for each in missing:
            # Only empty directories are removed, because another process may use them by now.
            with suppress(OSError):
                each.rmdir()
        raise


@contextmanager
def _locked(directory: Path) -> Iterator[None]:
    """Locks the directory. The lock ends with the process, however the process ends."""
    descriptor = None
    try:
        if fcntl is not None:
            # A file system without locks, or a directory that cannot be read, must not prevent anything.
            with suppress(OSError):
                descriptor = os.open(directory, os.O_RDONLY)
                fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        if descriptor is not None:
            os.close(descriptor)


def _remove_abandoned(directory: Path) -> None:
    """Removes the directories that killed processes staged in this one."""
    with suppress(OSError):
        names = [each for each in os.listdir(directory) if _STAGED.fullmatch(each)]
        for each in (directory / name for name in names):
            if not each.is_symlink() and each.is_dir() and _is_abandoned(each):
                shutil.rmtree(each, ignore_errors=True)


def _is_abandoned(staged_directory: Path) -> bool:
    if fcntl is not None:
        descriptor = os.open(staged_directory, os.O_RDONLY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            return False
        except OSError:
            # This file system has no locks, so the age decides.
            pass
        finally:
            os.close(descriptor)
    return time.time() - staged_directory.stat().st_mtime > _LONGEST_STAGED_S


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
    # Short, because the destination's name may already have the maximum length. Hidden, so that no pattern matches it.
    return destination.with_name(f"{_OURS}{uuid.uuid4().hex}")


def mark_of(destination: Path) -> Path:
    """Returns the hidden file beside a directory that lists what is missing in it."""
    # The directory's name may already have the maximum length.
    sum_ = hashlib.sha256(os.fsencode(destination.name)).hexdigest()[:16]
    return destination.with_name(f"{_OURS}incomplete-{sum_}")


def share_with_group(directory: Path) -> None:
    """Lets the whole group read and write, for courses whose instructors grade in the same directory."""
    for folder, _, files in os.walk(directory):
        _allow(Path(folder), 0o2770)
        for name in files:
            _allow(Path(folder, name), 0o660)


def _allow(path: Path, bits: int) -> None:
    path.chmod(stat.S_IMODE(path.stat().st_mode) | bits)
