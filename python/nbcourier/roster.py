"""The exchange's roster as nbgrader's authenticator, so that there is one list of a course's members."""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, NoReturn

from nbgrader.auth import BaseAuthPlugin
from nbgrader.exchange.abc import ExchangeError
from traitlets import Unicode

from . import class_file
from .class_file import ClassFile
from .errors import CourierError, Refused
from .patterns import is_pattern, matching
from .settings import NbCourier
from .transport import Student

if TYPE_CHECKING:
    from nbgrader.apps.baseapp import NbGrader


class Roster(NbCourier, BaseAuthPlugin):
    """Enrols the students who are added to the gradebook, and removes those who are removed from it."""

    user_column = Unicode(
        "",
        help="The column of `nbgrader db student import` that holds user names, if its name is not a known one.",
    ).tag(config=True)

    encoding = Unicode(
        "",
        help="The encoding of the file of `nbgrader db student import`, if it is neither UTF-8 nor UTF-16.",
    ).tag(config=True)

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        # The file of `nbgrader db student import`, if that is the running command.
        self._class: ClassFile | None = None
        self._class_is_enrolled = False
        command = self._import_command()
        if command is not None and len(command.extra_args) == 1:
            self._read_class(command)

    def _read_class(self, command: NbGrader) -> None:
        """Reads the file of the command, and gives nbgrader a translation if it cannot read the file itself."""
        (path,) = command.extra_args
        # nbgrader says if there is no such file.
        if not os.path.isfile(path):
            return
        try:
            self._class = class_file.read(
                path, self.log, self.user_column, self.encoding
            )
        except (CourierError, OSError) as error:
            what = f"Nobody was added to {_course(command.coursedir.course_id)}"
            self._give_up(what, error)
        if self._class.translated is not None:
            # Removed when this object is.
            self._directory = TemporaryDirectory(prefix="nbcourier-")
            translation = Path(self._directory.name, "class.csv")
            # nbgrader opens the file without naming an encoding.
            with translation.open("w", newline="") as file:
                file.write(self._class.translated)
            command.extra_args = [str(translation)]

    def get_student_courses(self, student_id: str) -> list[str]:
        """Returns the person's own courses; for another student, those that are also the person's own."""
        try:
            courses = self.transport.courses()
            if student_id in ("*", self.username):
                return courses
            return [each for each in courses if self._is_student(each, student_id)]
        except CourierError as error:
            raise ExchangeError(str(error)) from error

    def add_student_to_course(self, student_id: str, course_id: str) -> None:
        """Enrols a student with the details of the command; other details of an enrolled student do not change."""
        try:
            if self._class is None:
                self.enrol(self._one_course(course_id), self._with_details(student_id))
            elif not self._class_is_enrolled:
                # nbgrader calls this for each line of the file. The first call enrols all of them.
                self._enrol_class(self._one_course(course_id), self._class.students)
                self._class_is_enrolled = True
        except CourierError as error:
            whom = "Nobody" if self._class else f"'{student_id}'"
            not_added = "was added" if self._class else "was not added"
            self._give_up(f"{whom} {not_added} to {_course(course_id)}", error)

    def _one_course(self, given: str) -> str:
        """Returns the only course that the setting names or matches; all of the person's courses match no setting."""
        if given and not is_pattern(given):
            return given
        found = matching(given, self.transport.courses())
        if len(found) == 1:
            return found[0]
        matches = ", ".join(found) or "none"
        raise CourierError(
            f"One course is needed here, and the setting '{given}' matches {matches}. Add"
            " --CourseDirectory.course_id=COURSE"
        )

    def _enrol_class(self, course: str, students: list[Student]) -> None:
        for teacher in self.transport.enrol_all(course, students):
            self.log.info(
                "'%s' is no student of '%s' at the exchange, because they teach it",
                teacher,
                course,
            )

    def enrol(self, course: str, student: Student) -> None:
        """Enrols a student; does nothing for an instructor who tries out an assignment."""
        try:
            self.transport.enrol(course, student)
        except Refused as refused:
            if not refused.says(409):
                raise
            self.log.info(
                "'%s' is no student of '%s' at the exchange: %s",
                student.username,
                course,
                refused.message,
            )

    def remove_student_from_course(self, student_id: str, course_id: str) -> None:
        """Removes a student from the roster; their submissions stay."""
        try:
            self.transport.remove_student(self._one_course(course_id), student_id)
        except CourierError as error:
            what = f"'{student_id}' was not removed from {_course(course_id)}"
            self._give_up(what, error)

    def _with_details(self, student: str) -> Student:
        # nbgrader passes only the name, so the details are taken from the command itself.
        from nbgrader.apps.dbapp import DbStudentAddApp

        command = getattr(self.parent, "parent", None)
        if not isinstance(command, DbStudentAddApp):
            return Student(student)
        return Student(student, command.first_name, command.last_name, command.email)

    def _import_command(self) -> NbGrader | None:
        """Returns the running command if it is `nbgrader db student import`."""
        from nbgrader.apps.dbapp import DbStudentImportApp

        command = getattr(self.parent, "parent", None)
        return command if isinstance(command, DbStudentImportApp) else None

    def _is_student(self, course: str, student: str) -> bool:
        try:
            return self.transport.is_student(course, student)
        except Refused as refused:
            # A student may not see the roster.
            if refused.says(403):
                return False
            raise

    def _give_up(self, what: str, error: Exception) -> NoReturn:
        # nbgrader asks before it changes the gradebook, so gradebook and roster still agree.
        self._fail(f"{what}: {error}. The gradebook was not changed")

    def _fail(self, sentence: str) -> NoReturn:
        from nbgrader.apps.baseapp import NbGrader

        command = getattr(self.parent, "parent", None)
        if isinstance(command, NbGrader):
            command.fail("%s", sentence)
        raise ExchangeError(sentence)


def _course(given: str) -> str:
    return f"'{given}'" if given else "a course"
