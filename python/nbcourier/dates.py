"""When an assignment is due, in the exchange's words and in a person's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone, tzinfo


@dataclass(frozen=True)
class Dates:
    """As they hold for the person who asked; None where there is no such date."""

    due: datetime | None = None
    # Nothing that comes later is accepted.
    cut_off: datetime | None = None
    # Whether they are later than the others'.
    extended: bool = False

    @staticmethod
    def read(listed: dict) -> Dates:
        """From a line of the exchange's listing; one that knows no dates is a line without."""
        due, cut_off = (listed.get(key) for key in ("due_at", "cutoff_at"))
        return Dates(
            due=parse(due) if due else None,
            cut_off=parse(cut_off) if cut_off else None,
            extended=bool(listed.get("extended")),
        )

    def in_words(self, zone: tzinfo) -> str:
        """A clause for a person, empty when there is nothing to say."""
        clauses = []
        if self.due is not None:
            own = ", which is an extension for you" if self.extended else ""
            clauses.append(f"due {shown(self.due, zone)}{own}")
        if self.cut_off is not None:
            clauses.append(f"nothing is accepted after {shown(self.cut_off, zone)}")
        return "; ".join(clauses)

    def is_late(self, timestamp: str) -> bool:
        """Whether a submission of that time, as the exchange prints times, comes after it was due."""
        return self.due is not None and parse_naive(timestamp) > self.due


NO_DATES = Dates()


def parse(text: str) -> datetime:
    """A time of the exchange's own API: RFC 3339 in UTC."""
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def parse_naive(text: str) -> datetime:
    """A time as the ngshare protocol prints it: UTC, without saying so."""
    return datetime.fromisoformat(text).replace(tzinfo=timezone.utc)


def naive(text: str) -> str:
    """A time of the exchange's own API as the ngshare protocol prints it, which directories are named by."""
    return text.replace("T", " ").replace("Z", "")


def rfc3339(timestamp: str) -> str:
    """The other way."""
    return timestamp.replace(" ", "T") + "Z"


def shown(time: datetime, zone: tzinfo) -> str:
    """To the minute, for a person."""
    return time.astimezone(zone).strftime("%Y-%m-%d %H:%M %Z")
