"""What all the classes share: settings, places, and the promise to raise nothing but `ExchangeError`."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timezone, tzinfo
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO

from dateutil.tz import gettz
from jupyter_core.paths import jupyter_data_dir
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.exchange.abc import Exchange, ExchangeError
from sqlalchemy.exc import SQLAlchemyError
from traitlets import Bool, Unicode, default

from ..cache import Cache
from ..errors import CourierError, Unreachable, some
from ..gradebook import CourseGradebook
from ..settings import NbCourier
from ..trees import Linked, shown, write_file

# What a file system says of a name that it has no place for.
_NAME_IS_NONE = (
    errno.ENAMETOOLONG,
    errno.EILSEQ,
    errno.EINVAL,
    errno.ENOTDIR,
    errno.EISDIR,
)

_BUG = "This is a bug in nbcourier's plugin; please report it with the traceback"


class NbCourierExchange(NbCourier, Exchange):
    """The exchange at the other end of an HTTP connection."""

    cache = Unicode(
        help="Where copies of what was submitted are kept. Defaults to $JUPYTER_DATA_DIR/nbgrader_cache"
    ).tag(config=True)

    path_includes_course = Bool(
        False, help="Whether assignments lie in ./COURSE/ASSIGNMENT, not ./ASSIGNMENT."
    ).tag(config=True)

    @default("cache")
    def _cache_default(self) -> str:
        return os.path.join(jupyter_data_dir(), "nbgrader_cache")

    allow_incomplete = Bool(
        False,
        help="Whether to hand in or release the rest when notebooks of the assignment stay behind.",
    ).tag(config=True)

    @cached_property
    def course(self) -> str:
        """The course, without which most commands can do nothing; of a pattern, the only one of one's own it matches."""
        given = self.coursedir.course_id
        if not given:
            raise CourierError("No course was given: add --course COURSE")
        if not is_pattern(given):
            return given
        found = self.courses_like(given)
        if len(found) == 1:
            return found[0]
        advice = f"{', '.join(found)}. Add --course COURSE" if found else "none"
        raise CourierError(
            f"One course is needed here, and of your courses '{given}' matches {advice}"
        )

    def courses_like(self, given: str) -> list[str]:
        """One's own courses of this name or pattern; all of them when nothing is given."""
        courses = self.transport.courses()
        # A course may be called as a pattern is written.
        if given in courses:
            return [given]
        return [each for each in courses if selects(given, each)]

    @cached_property
    def notices(self) -> list[str]:
        """What else a person should know of what was done; our pages show these sentences in a dialog."""
        return []

    @cached_property
    def reasons(self) -> list[str]:
        """Why some of many failed."""
        return []

    @cached_property
    def outcome(self) -> list[str]:
        """What was done, in sentences that come before the notices."""
        return []

    def notice(self, sentence: str) -> None:
        """Warns of something, in the log and on our pages."""
        self.log.warning("%s", sentence)
        self.notices.append(sentence)

    def graded_notebooks(self) -> set[str]:
        """The notebooks that the gradebook has of the assignment, without their extension; none where it is unknown."""
        url = self.coursedir.db_url
        path = url.removeprefix("sqlite:///")
        if path != url and not os.path.exists(path):
            # To open it would make one.
            return set()
        try:
            with Gradebook(url, self.course) as gradebook:
                found = gradebook.find_assignment(self.assignment).notebooks
                return {notebook.name for notebook in found}
        except MissingEntry:
            return set()
        except SQLAlchemyError as error:
            self.notice(f"The gradebook does not tell the notebooks: {error}")
            return set()

    def write(self, directory: Path, path: str, content: BinaryIO) -> str | None:
        """Writes a received file; returns why not when its name cannot be one here, which concerns no other file."""
        try:
            write_file(directory, path, content)
        except Linked as error:
            return str(error)
        except OSError as error:
            if error.errno not in _NAME_IS_NONE:
                raise
            return f"'{shown(path)}' cannot be written here: {error.strerror}"
        return None

    @property
    def assignment(self) -> str:
        """The assignment."""
        return self.coursedir.assignment_id

    @cached_property
    def zone(self) -> tzinfo:
        """In which times are shown; `Exchange.timezone`."""
        zone = gettz(self.timezone)
        if zone is None:
            self.log.warning(
                "'%s' (Exchange.timezone) is no time zone that this computer knows; times are shown in UTC",
                self.timezone,
            )
        return zone or timezone.utc

    @property
    def gradebook(self) -> CourseGradebook:
        """The course's gradebook."""
        return CourseGradebook(self.coursedir, self.course, self.zone, self.log)

    @property
    def submission_cache(self) -> Cache:
        """The copies of what was submitted from here."""
        return Cache(Path(self.cache))

    @property
    def student(self) -> str:
        """Whose work it is about: who was named by --student, else who runs this."""
        named = self.coursedir.student_id
        if named in ("", "*"):
            return self.username
        if "*" in named or "+" in named:
            raise CourierError(
                f"A student's name holds no '*' and no '+' here, but it is '{named}'"
            )
        return named

    def work_directory(self, course: str, assignment: str) -> Path:
        """Where a student has the assignment."""
        names = [course, assignment] if self.path_includes_course else [assignment]
        return Path(os.path.abspath(os.path.join(self.assignment_dir, *names)))

    def start(self) -> Any:
        """Does it all; whatever goes wrong comes out as `ExchangeError`, for formgrader catches nothing else."""
        try:
            done = super().start()
            if self.transport_left_out and self.must_be_whole:
                raise CourierError(
                    f"The exchange sent something that cannot be used. {some(self.transport_left_out)}"
                )
            self.notices.extend(self.transport_left_out)
            return done
        except ExchangeError:
            raise
        except CourierError as error:
            self.fail(str(error))
        except OSError as error:
            self.fail(f"The files here cannot be read or written: {error}")
        except Exception as error:
            self.log.error("%s", _BUG, exc_info=True)
            self.fail(f"{_BUG}: {error!r}")

    @property
    def transport_left_out(self) -> list[str]:
        """What the exchange told of and could not be used; asks nothing."""
        asked = "transport" in self.__dict__
        return self.transport.left_out if asked else []

    @property
    def must_be_whole(self) -> bool:
        """Whether it is a failure that something was left out, beside what was done."""
        return True

    @contextmanager
    def one_of_many(self, name: str, failure: str, failed: list[str]) -> Iterator[None]:
        """Keeps what goes wrong with one of many from stopping the others: logs it, and adds the name to `failed`.

        Only an exchange that does not answer any more ends it for all.
        """
        try:
            yield
        except Unreachable:
            raise
        except (CourierError, OSError) as error:
            self.log.error("%s: %s: %s", name, failure, error)
            self.reasons.append(str(error))
            failed.append(name)
        except Exception as error:
            self.log.error("%s: %s: %s: %r", name, failure, _BUG, error, exc_info=True)
            self.reasons.append(f"{_BUG}: {error!r}")
            failed.append(name)

    def init_src(self) -> None:
        """Nothing to prepare, unless a subclass says otherwise."""

    def init_dest(self) -> None:
        """Nothing to prepare, unless a subclass says otherwise."""


def selects(pattern: str, name: str) -> bool:
    """Whether one of nbgrader's settings, which are patterns, means this name; the name itself always does."""
    return not pattern or pattern == name or fnmatchcase(name, pattern)


def is_pattern(name: str) -> bool:
    """Whether this can mean several names."""
    return any(character in name for character in "*?[")
