"""What all the classes share: settings, places, and the promise to raise nothing but `ExchangeError`."""

from __future__ import annotations

import os
from datetime import timezone, tzinfo
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from dateutil.tz import gettz
from jupyter_core.paths import jupyter_data_dir
from nbgrader.exchange.abc import Exchange, ExchangeError
from traitlets import Bool, Unicode, default

from ..cache import Cache
from ..errors import CourierError
from ..settings import NbCourier


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

    @property
    def course(self) -> str:
        """The course, without which most commands can do nothing."""
        if not self.coursedir.course_id:
            raise CourierError("No course was given: add --course COURSE")
        return self.coursedir.course_id

    @property
    def assignment(self) -> str:
        """The assignment."""
        return self.coursedir.assignment_id

    @property
    def zone(self) -> tzinfo:
        """In which times are shown; `Exchange.timezone`."""
        return gettz(self.timezone) or timezone.utc

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
            return super().start()
        except ExchangeError:
            raise
        except CourierError as error:
            self.fail(str(error))
        except OSError as error:
            self.fail(f"The files here cannot be read or written: {error}")
        except Exception as error:
            self.log.debug("Not foreseen", exc_info=True)
            self.fail(f"Something went wrong that should not: {error!r}")

    def init_src(self) -> None:
        """Nothing to prepare, unless a subclass says otherwise."""

    def init_dest(self) -> None:
        """Nothing to prepare, unless a subclass says otherwise."""


def selects(pattern: str, name: str) -> bool:
    """Whether one of nbgrader's settings, which are patterns, means this name; the name itself always does."""
    return not pattern or pattern == name or fnmatchcase(name, pattern)
