"""The common base of the classes for nbgrader's slots: settings, places, and errors raised as `ExchangeError`."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timezone, tzinfo
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO

from dateutil.tz import gettz
from jupyter_core.paths import jupyter_data_dir
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.exchange.abc import Exchange, ExchangeError
from sqlalchemy.exc import SQLAlchemyError
from traitlets import Bool, Unicode, default

from .. import names, pages
from ..cache import Cache
from ..errors import CourierError, Unreachable, some
from ..gradebook import CourseGradebook, exists
from ..patterns import is_pattern, matching
from ..settings import NbCourier
from ..trees import LinkInTheWay, shown, write_file

# The errors of a file system that cannot store a name.
_NAME_IS_NONE = (
    errno.ENAMETOOLONG,
    errno.EILSEQ,
    errno.EINVAL,
    errno.ENOTDIR,
    errno.EISDIR,
)

_BUG = "This is a bug in nbcourier's plugin; please report it with the traceback"


class NbCourierExchange(NbCourier, Exchange):
    """An exchange that is reached over HTTP."""

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
        help="Whether to hand in, release or collect the rest when notebooks of the assignment stay behind, or files"
        " of a submission cannot be written.",
    ).tag(config=True)

    @cached_property
    def course(self) -> str:
        """Returns the course, which most commands need; a pattern must match exactly one of the person's courses."""
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
        """Returns the person's courses that match this name or pattern; all of them if nothing is given."""
        return matching(given, self.transport.courses())

    @cached_property
    def notices(self) -> list[str]:
        """Returns the further sentences for the user, which our pages show in a dialog."""
        return []

    @cached_property
    def reasons(self) -> list[str]:
        """Returns why some of many failed."""
        return []

    @cached_property
    def outcome(self) -> list[str]:
        """Returns sentences about what was done, which come before the notices."""
        return []

    def notice(self, sentence: str) -> None:
        """Writes a warning to the log and to our pages."""
        self.log.warning("%s", sentence)
        self.notices.append(sentence)

    def tell_page(self, what: str) -> None:
        """Logs the address of the assignment's page, unless browsers may have to use another one."""
        page = pages.whole(self, self.course, self.assignment)
        if page is not None and self.transport.has_pages:
            self.log.info("%s: %s", what, page)

    def graded_notebooks(self) -> set[str]:
        """Returns the assignment's notebooks in the gradebook, without extension; empty for an unknown assignment."""
        url = self.coursedir.db_url
        if not exists(url):
            return set()
        try:
            with Gradebook(url, self.course) as gradebook:
                found = gradebook.find_assignment(self.assignment).notebooks
                return {notebook.name for notebook in found}
        except MissingEntry:
            return set()
        except SQLAlchemyError as error:
            self.notice(f"The notebooks cannot be read from the gradebook: {error}")
            return set()

    def write(
        self, directory: Path, path: str, content: BinaryIO, *, unread: bool = False
    ) -> str | None:
        """Writes a received file; returns the reason if its name is impossible here, which affects no other file.

        `unread`: nobody reads the directory yet.
        """
        if names.is_too_deep(names.path(path)):
            return f"'{shown(path)}' was left out: it lies in too many directories"
        try:
            write_file(directory, path, content, unread=unread)
        except LinkInTheWay as error:
            return str(error)
        except OSError as error:
            if error.errno not in _NAME_IS_NONE:
                raise
            return f"'{shown(path)}' cannot be written here: {error.strerror}"
        return None

    @property
    def assignment(self) -> str:
        """Returns the name of the assignment."""
        return self.coursedir.assignment_id

    @cached_property
    def zone(self) -> tzinfo:
        """Returns the zone in which times are shown, from `Exchange.timezone`."""
        zone = gettz(self.timezone)
        if zone is None:
            self.log.warning(
                "'%s' (Exchange.timezone) is no time zone that this computer knows; times are shown in UTC",
                self.timezone,
            )
        return zone or timezone.utc

    @cached_property
    def gradebook(self) -> CourseGradebook:
        """Returns the course's gradebook."""
        return CourseGradebook(self.coursedir, self.course, self.zone, self.log)

    @property
    def submission_cache(self) -> Cache:
        """Returns the copies of what was submitted from here."""
        return Cache(Path(self.cache))

    @property
    def student(self) -> str:
        """Returns the student whose work it is: the one named by --student, else the person who runs this."""
        named = self.coursedir.student_id
        if named in ("", "*"):
            return self.username
        if "*" in named or "+" in named:
            raise CourierError(
                f"A student's name holds no '*' and no '+' here, but it is '{named}'"
            )
        return named

    def work_directory(self, course: str, assignment: str) -> Path:
        """Returns the student's directory of the assignment."""
        names = [course, assignment] if self.path_includes_course else [assignment]
        return Path(os.path.abspath(os.path.join(self.assignment_dir, *names)))

    def start(self) -> Any:
        """Runs the action; raises every failure as `ExchangeError`, because formgrader catches nothing else."""
        try:
            self._take_name_from_path()
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

    def _take_name_from_path(self) -> None:
        """Takes `ps1/` and `./ps1`, which tab completion in a shell writes, for the name of the assignment."""
        path = os.path.normpath(self.coursedir.assignment_id or ".")
        if self.path_includes_course:
            path = path.removeprefix(f"{self.coursedir.course_id}/")
        # `nbgrader submit` takes paths to other places too.
        if "/" not in path and path not in (".", ".."):
            self.coursedir.assignment_id = path

    @property
    def transport_left_out(self) -> list[str]:
        """Returns what the exchange sent and could not be used, without asking the exchange."""
        asked = "transport" in self.__dict__
        return self.transport.left_out if asked else []

    @property
    def must_be_whole(self) -> bool:
        """Whether it is a failure if some items were left out."""
        return True

    @contextmanager
    def one_of_many(self, name: str, failure: str, failed: list[str]) -> Iterator[None]:
        """Keeps a failure with one of many from stopping the others: logs it and adds the name to `failed`.

        An exchange that stops answering still ends the whole action.
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
        """Prepares nothing; subclasses may."""

    def init_dest(self) -> None:
        """Prepares nothing; subclasses may."""
