"""When an assignment is due, in the exchange's words and in a person's."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timezone, tzinfo

from .answer import Answer
from .errors import Illegal
from .names import shown as quoted

# What both protocols print, and a zone or fewer decimals as other servers may. `fromisoformat` alone would take
# other things, depending on the version of Python.
_FORM = re.compile(
    r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?(?: ?(UTC|Z|[+-]\d\d:?\d\d))?",
    re.ASCII,
)


@dataclass(frozen=True)
class Dates:
    """As they hold for the person who asked; None where there is no such date."""

    due: datetime | None = None
    # Nothing that comes later is accepted.
    cut_off: datetime | None = None
    # Whether they are later than the others'.
    extended: bool = False

    @staticmethod
    def read(listed: Answer) -> Dates:
        """From a line of the exchange's listing; one that knows no dates is a line without."""
        due, cut_off = (listed.text_or_none(key) for key in ("due_at", "cutoff_at"))
        return Dates(
            due=parse(due) if due else None,
            cut_off=parse(cut_off) if cut_off else None,
            extended=listed.flag("extended"),
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
        return self.due is not None and parse(timestamp) > self.due


NO_DATES = Dates()


def parse(text: str) -> datetime:
    """A time as either protocol prints it; one without a zone is in UTC. Raises `Illegal` for anything else."""
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
    """A time of the exchange, parsed and printed anew as the ngshare protocol does, which directories are named by."""
    time = parse(text).replace(tzinfo=None)
    return time.isoformat(" ", "microseconds")


def rfc3339(timestamp: str) -> str:
    """The other way."""
    return timestamp.replace(" ", "T") + "Z"


def shown(time: datetime, zone: tzinfo) -> str:
    """To the minute, for a person."""
    try:
        return time.astimezone(zone).strftime("%Y-%m-%d %H:%M %Z")
    except OverflowError:
        # The first and the last day there is are on no calendar of another zone.
        return time.strftime("%Y-%m-%d %H:%M %Z")
