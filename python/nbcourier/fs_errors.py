"""The errors of the exchange as those of a file system."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from .errors import CourierError, Refused, UnknownRequest

# The statuses whose sentence, which is the exchange's, says enough.
_NUMBERS = {
    400: errno.EINVAL,
    401: errno.EACCES,
    403: errno.EACCES,
    404: errno.ENOENT,
    412: errno.EEXIST,
    413: errno.EFBIG,
    507: errno.ENOSPC,
}
_CONFLICT = "urn:nbcourier:conflict"
_OLD = "The exchange is older than its directories. Ask the administrators of your JupyterHub to update it"


def error(number: int, sentence: str, name: str) -> OSError:
    """Returns the error with this number. Python chooses the class, such as `FileNotFoundError`."""
    return OSError(number, sentence, name)


@contextmanager
def as_os_errors(name: str) -> Iterator[None]:
    """Raises the errors of the exchange as `OSError`; `name` is that of the file or folder."""
    try:
        yield
    except Refused as refused:
        raise _refused(refused, name) from refused
    except UnknownRequest as unknown:
        raise error(errno.ENOSYS, _OLD, name) from unknown
    except CourierError as other:
        raise error(errno.EIO, str(other), name) from other


def _refused(refused: Refused, name: str) -> OSError:
    if not refused.by_exchange:
        return error(errno.EIO, str(refused), name)
    # Other explanations are those of nbgrader's assignments.
    sentence = refused.message if refused.status < 500 and refused.status != 401 else str(refused)
    conflict = _conflict(refused)
    number = _NUMBERS.get(refused.status, errno.EIO) if conflict is None else conflict
    return error(number, sentence, name)


def _conflict(refused: Refused) -> int | None:
    """Returns the number for the first path that is not as a change requires."""
    problem = refused.problem or {}
    conflicts = problem.get("conflicts")
    if problem.get("type") != _CONFLICT or not isinstance(conflicts, list) or not conflicts:
        return None
    first = conflicts[0] if isinstance(conflicts[0], dict) else {}
    now = first.get("now")
    if not isinstance(now, dict):
        return errno.ENOENT
    if now.get("kind") == "directory":
        return errno.EISDIR
    return errno.EEXIST
