"""The dates of assignments, as the exchange prints them and as people read them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timezone, tzinfo

from .answer import Answer
from .errors import Illegal
from .names import shown as quoted

# The times that both protocols print, also with a zone or fewer decimals, as other servers may print them.
# `fromisoformat` alone would accept other forms, depending on the version of Python.
_FORM = re.compile(
    r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?(?: ?(UTC|Z|[+-]\d\d:?\d\d))?",
    re.ASCII,
)


@dataclass(frozen=True)
class Dates:
    """The dates for the person who asks; None if there is no such date."""

    due: datetime | None = None
    # No submission after this time is accepted.
    cut_off: datetime | None = None
    # Whether these dates are later than those of the other students.
    extended: bool = False

    @staticmethod
    def read(listed: Answer) -> Dates:
        """Returns the dates in a row of the exchange's listing; a server without dates gives none."""
        due, cut_off = (listed.text_or_none(key) for key in ("due_at", "cutoff_at"))
        return Dates(
            due=parse(due) if due else None,
            cut_off=parse(cut_off) if cut_off else None,
            extended=listed.flag("extended"),
        )

    def in_words(self, zone: tzinfo) -> str:
        """Returns a clause for a person, empty if there are no dates."""
        clauses = []
        if self.due is not None:
            clauses.append(f"due {shown(self.due, zone)}")
        if self.cut_off is not None:
            clauses.append(f"nothing is accepted after {shown(self.cut_off, zone)}")
        if self.extended:
            # It may concern one of the two dates.
            clauses.append("you have an extension")
        return "; ".join(clauses)

    def is_late(self, timestamp: str) -> bool:
        """Whether a submission at this time, in the exchange's form, is after the due time."""
        return self.due is not None and parse(timestamp) > self.due


NO_DATES = Dates()


def parse(text: str) -> datetime:
    """Returns a time that either protocol printed; without a zone it is in UTC. Raises `Illegal` for anything else."""
    match = _FORM.fullmatch(text.strip(" "))
    if match is None:
        raise Illegal(f"{quoted(text)} cannot be a time")
    day, clock, decimals, zone = match.groups()
    if zone in (None, "UTC", "Z"):
        zone = "+00:00"
    offset = f"{zone[:3]}:{zone[-2:]}"
    try:
        time = datetime.fromisoformat(f"{day}T{clock}.{decimals or 0:0<6}{offset}")
        return time.astimezone(timezone.utc)
    except (ValueError, OverflowError) as error:
        raise Illegal(f"{quoted(text)} cannot be a time") from error


def naive(text: str) -> str:
    """Returns a time of the exchange in the form of the ngshare protocol, which directories are named by."""
    time = parse(text).replace(tzinfo=None)
    return time.isoformat(" ", "microseconds")


def rfc3339(timestamp: str) -> str:
    """Returns a time in the form of the ngshare protocol as RFC 3339."""
    return timestamp.replace(" ", "T") + "Z"


def shown(time: datetime, zone: tzinfo) -> str:
    """Returns the time for a person, to the minute."""
    try:
        return time.astimezone(zone).strftime("%Y-%m-%d %H:%M %Z")
    except OverflowError:
        # The first and the last possible day cannot be converted to every zone.
        return time.strftime("%Y-%m-%d %H:%M %Z")
