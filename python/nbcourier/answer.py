"""JSON objects from the exchange, whose members are checked when they are read."""

from __future__ import annotations

from typing import Any, Callable, TypeVar

from .errors import CourierError, printable

T = TypeVar("T")

# The maximum length of a member's name that is shown, in characters. Some are named by the exchange.
_LONGEST_KEY = 255


class Answer:
    """A JSON object. Reading a member of the wrong type raises the error that `strange` returns."""

    def __init__(self, members: Any, strange: Callable[[str], CourierError]) -> None:
        """`strange` gets the reason and returns the error that names the server."""
        self._strange = strange
        if not isinstance(members, dict):
            raise strange("there is no JSON object in its answer")
        self.members: dict[str, Any] = members

    def __contains__(self, key: str) -> bool:
        return self.members.get(key) is not None

    def text(self, key: str) -> str:
        """Returns a member that is a string."""
        return self._typed(key, str, "text")

    def text_or_none(self, key: str) -> str | None:
        """Returns a member that is a string, or None if it is missing."""
        return self.text(key) if key in self else None

    def number(self, key: str) -> int:
        """Returns a member that is a whole number from 0 to 2**63 - 1."""
        found = self._typed(key, int, "number")
        if isinstance(found, bool) or not 0 <= found < 1 << 63:
            raise self._misses(key, "number")
        return found

    def flag(self, key: str) -> bool:
        """Returns a member that is true or false; false if it is missing."""
        return self._typed(key, bool, "boolean") if key in self else False

    def part(self, key: str) -> Answer:
        """Returns a member that is an object."""
        return Answer(self._typed(key, dict, "object"), self._strange)

    def parts(self, key: str) -> list[Answer]:
        """Returns a member that is a list of objects."""
        listed = self._typed(key, list, "list")
        return [Answer(each, self._strange) for each in listed]

    def texts(self, key: str) -> list[str]:
        """Returns a member that is a list of strings."""
        listed = self._typed(key, list, "list")
        if not all(isinstance(each, str) for each in listed):
            raise self._misses(key, "list of texts")
        return listed

    def texts_of(self, key: str, member: str) -> list[str]:
        """Returns one text from each object of a list."""
        return [each.text(member) for each in self.parts(key)]

    def _typed(self, key: str, kind: type[T], word: str) -> T:
        found = self.members.get(key)
        if not isinstance(found, kind):
            raise self._misses(key, word)
        return found

    def _misses(self, key: str, word: str) -> CourierError:
        return self._strange(f"there is no {word} '{printable(key, _LONGEST_KEY)}' in its answer")
