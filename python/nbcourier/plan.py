"""How to get some submissions out of many with few requests and few bytes.

The exchange gives either one submission, or everybody's latest at some time in one stream. The stream is right for a
class, and wrong for the three who handed in again since.
"""

from __future__ import annotations

from collections.abc import Collection

from .transport import Submission

# What a request costs beside its content, told in bytes.
_REQUEST = 1 << 16


def streams(wanted: Collection[Submission], listed: list[Submission]) -> list[str]:
    """The times of which to get everybody's latest; what is wanted and in none of these is cheaper for itself."""
    chosen = []
    open_ = set(wanted)
    for time in _times(wanted, listed):
        held = _latest(listed, time)
        useful = open_ & held
        # To get each of these for itself would cost as much.
        saved = sum(_REQUEST + each.size for each in useful)
        if saved > _REQUEST + sum(each.size for each in held):
            chosen.append(time)
            open_ -= useful
    return chosen


def _times(wanted: Collection[Submission], listed: list[Submission]) -> list[str]:
    """Now, and when the last of those was handed in of which there is a later one: the due date, as far as it shows."""
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
