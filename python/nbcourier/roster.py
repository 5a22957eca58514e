"""The exchange's roster as nbgrader's authenticator, so that there is one list of a course's members."""

from __future__ import annotations

from typing import NoReturn

from nbgrader.auth import BaseAuthPlugin
from nbgrader.exchange.abc import ExchangeError

from . import class_file
from .errors import CourierError, Refused
from .patterns import is_pattern, matching
from .settings import NbCourier
from .transport import Student


class Roster(NbCourier, BaseAuthPlugin):
    """Enrols the students who are added to the gradebook, and removes those who are removed from it."""

    _class_is_enrolled = False

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
        file = self._file_of_class()
        try:
            if file is None:
                self.enrol(self._one_course(course_id), self._as_told(student_id))
            elif not self._class_is_enrolled:
                # nbgrader calls this for each line of the file. The first call enrols all of them.
                self._enrol_class(self._one_course(course_id), file)
                self._class_is_enrolled = True
        except CourierError as error:
            whom = "Nobody" if file else f"'{student_id}'"
            not_added = "was added" if file else "was not added"
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

    def _enrol_class(self, course: str, file: str) -> None:
        students = class_file.read(file, self.log)
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

    def _as_told(self, student: str) -> Student:
        # nbgrader passes only the name, so the details are taken from the command itself.
        from nbgrader.apps.dbapp import DbStudentAddApp

        command = getattr(self.parent, "parent", None)
        if not isinstance(command, DbStudentAddApp):
            return Student(student)
        return Student(student, command.first_name, command.last_name, command.email)

    def _file_of_class(self) -> str | None:
        """Returns the file of `nbgrader db student import`, if that is the running command."""
        from nbgrader.apps.dbapp import DbStudentImportApp

        command = getattr(self.parent, "parent", None)
        is_import = isinstance(command, DbStudentImportApp)
        return command.extra_args[0] if is_import else None

    def _is_student(self, course: str, student: str) -> bool:
        try:
            return self.transport.is_student(course, student)
        except Refused as refused:
            # A student may not see the roster.
            if refused.says(403):
                return False
            raise

    def _give_up(self, what: str, error: CourierError) -> NoReturn:
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
