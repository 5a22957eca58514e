"""Chooses requests that get some submissions out of many with few requests and few bytes.

The exchange returns either one submission, or the latest of all students at some time in one stream. The stream suits
a whole class, but not the three students who submitted again since.
"""

from __future__ import annotations

from collections.abc import Collection

from .transport import Submission

# The cost of a request beside its content, in bytes.
_REQUEST = 1 << 16


def streams(wanted: Collection[Submission], listed: list[Submission]) -> list[str]:
    """Returns the times whose streams are worth it; the wanted submissions in none of them are cheaper one by one."""
    chosen = []
    open_ = set(wanted)
    for time in _times(wanted, listed):
        held = _latest(listed, time)
        useful = open_ & held
        # The cost of getting each of these by a request of its own.
        saved = sum(_REQUEST + each.size for each in useful)
        if saved > _REQUEST + sum(each.size for each in held):
            chosen.append(time)
            open_ -= useful
    return chosen


def _times(wanted: Collection[Submission], listed: list[Submission]) -> list[str]:
    """Returns the newest time, and that of the last wanted submission with a later one, which is near the due date."""
    if not listed:
        return []
    now = max(each.timestamp for each in listed)
    latest = _latest(listed, now)
    earlier = [each.timestamp for each in wanted if each not in latest]
    return [now, max(earlier)] if earlier else [now]


def _latest(listed: list[Submission], time: str) -> set[Submission]:
    latest: dict[str, Submission] = {}
    for each in listed:
        best = latest.get(each.student)
        if each.timestamp <= time and (best is None or each.timestamp > best.timestamp):
            latest[each.student] = each
    return set(latest.values())
