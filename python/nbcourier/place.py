"""Names of directories on the exchange and of paths in them, as the commands write them.

`algebra:data/weather.csv@17` is the file `weather.csv` in version 17 of the directory `data` of the course `algebra`. One
form stands for all: `course:algebra/data@17/weather.csv`. The version belongs to the directory, so that the name of
each file begins with that of its folder.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

SCHEME = "nbcourier://"
# The prefixes of owners that contain a colon, and are not the ID of a course before one.
_PREFIXES = ("course:", "service:", "former:", "operator:")
# The maximum number of digits of a version. The exchange counts to 2**63 - 1.
_LONGEST_VERSION = 18


@dataclass(frozen=True)
class Place:
    """A directory of the exchange, or a path in it. Members are empty from the right: the list of an owner, of all."""

    owner: str = ""
    directory: str = ""
    path: str = ""
    # A version that never changes; None for the current one.
    version: int | None = None

    @property
    def is_list(self) -> bool:
        """Whether this is no directory of the exchange, but a list of them."""
        return not self.directory

    @property
    def is_short(self) -> bool:
        """Whether this may be the name of one of the caller's own directories."""
        return bool(self.owner) and self.is_list and not self.owner.startswith(_PREFIXES)

    @property
    def whole(self) -> Place:
        """Returns the directory of the exchange."""
        return replace(self, path="")

    def at(self, path: str) -> Place:
        """Returns another path in the same version of the directory."""
        return replace(self, path=path)

    def __str__(self) -> str:
        if self.is_list:
            return self.owner if self.version is None else f"{self.owner}@{self.version}"
        if self.version is None:
            above, slash, last = self.path.rpartition("/")
            parts = (self.owner, _literal(self.directory), above + slash + _literal(last))
        else:
            parts = (self.owner, f"{self.directory}@{self.version}", self.path)
        return "/".join(parts).rstrip("/")


def parse(text: str) -> Place:
    """Returns the place with this name. Nothing is checked, because the exchange checks names and paths."""
    text = text.removeprefix(SCHEME).rstrip("/")
    owner, rest = _owner(text)
    if not rest:
        owner, version = _pinned(owner)
        return Place(owner, version=version)
    directory, _, path = rest.partition("/")
    directory, version = _pinned(directory)
    if version is None:
        above, slash, last = path.rpartition("/")
        last, version = _pinned(last)
        path = above + slash + last
    return Place(owner, directory, path, version)


def _owner(text: str) -> tuple[str, str]:
    """Returns the owner and the rest."""
    first = text.partition("/")[0]
    if ":" in first and not text.startswith(_PREFIXES):
        course, _, rest = text.partition(":")
        return f"course:{course}", rest
    owner, _, rest = text.partition("/")
    return owner, rest


def _pinned(name: str) -> tuple[str, int | None]:
    """Returns the name without its version, and the version. An `@` at the end means that there is none."""
    before, _, number = name.rpartition("@")
    if before and not number and name.endswith("@"):
        return before, None
    is_version = number.isascii() and number.isdigit() and len(number) <= _LONGEST_VERSION
    return (before, int(number)) if before and is_version else (name, None)


def _literal(name: str) -> str:
    """Returns the name in the form that is read as this name, and not as another one with a version."""
    return name if _pinned(name) == (name, None) else f"{name}@"
