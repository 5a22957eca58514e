"""The exchange's roster as nbgrader's authenticator, so that there is one list of who is in a course."""

from __future__ import annotations

from typing import NoReturn

from nbgrader.auth import BaseAuthPlugin
from nbgrader.exchange.abc import ExchangeError

from . import class_file
from .errors import CourierError, Refused
from .settings import NbCourier
from .transport import Student


class Roster(NbCourier, BaseAuthPlugin):
    """Who is added to the gradebook is enrolled at the exchange, and who is removed from it is taken off its roster."""

    _class_is_enrolled = False

    def get_student_courses(self, student_id: str) -> list[str]:
        """One's own courses; another's as far as they are among one's own."""
        try:
            courses = self.transport.courses()
            if student_id in ("*", self.username):
                return courses
            return [each for each in courses if self._is_student(each, student_id)]
        except CourierError as error:
            raise ExchangeError(str(error)) from error

    def add_student_to_course(self, student_id: str, course_id: str) -> None:
        """Enrols a student with what the command says of them; of who is enrolled the rest stays as it is."""
        if not course_id:
            return
        file = self._file_of_class()
        try:
            if file is None:
                self.enrol(course_id, self._as_told(student_id))
            elif not self._class_is_enrolled:
                # nbgrader asks for one line after the other, and the first request is for all of them.
                self._enrol_class(course_id, file)
                self._class_is_enrolled = True
        except CourierError as error:
            whom = "Nobody" if file else f"'{student_id}'"
            not_added = "was added" if file else "was not added"
            self._give_up(f"{whom} {not_added} to '{course_id}'", error)

    def _enrol_class(self, course: str, file: str) -> None:
        students = class_file.read(file, self.log)
        for teacher in self.transport.enrol_all(course, students):
            self.log.info(
                "'%s' is no student of '%s' at the exchange, because they teach it",
                teacher,
                course,
            )

    def enrol(self, course: str, student: Student) -> None:
        """Enrols a student; nothing is done about who teaches the course and tries an assignment out."""
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
        """Takes a student off the roster; their submissions stay."""
        if course_id:
            try:
                self.transport.remove_student(course_id, student_id)
            except CourierError as error:
                what = f"'{student_id}' was not removed from '{course_id}'"
                self._give_up(what, error)

    def _as_told(self, student: str) -> Student:
        # nbgrader hands on the name alone, so the details are had from the command itself.
        from nbgrader.apps.dbapp import DbStudentAddApp

        command = getattr(self.parent, "parent", None)
        if not isinstance(command, DbStudentAddApp):
            return Student(student)
        return Student(student, command.first_name, command.last_name, command.email)

    def _file_of_class(self) -> str | None:
        """The file that `nbgrader db student import` reads, if that is what runs."""
        from nbgrader.apps.dbapp import DbStudentImportApp

        command = getattr(self.parent, "parent", None)
        is_import = isinstance(command, DbStudentImportApp)
        return command.extra_args[0] if is_import else None

    def _is_student(self, course: str, student: str) -> bool:
        try:
            return self.transport.is_student(course, student)
        except Refused as refused:
            # Where one is a student oneself, one does not see who else is.
            if refused.says(403):
                return False
            raise

    def _give_up(self, what: str, error: CourierError) -> NoReturn:
        # nbgrader asks before it touches the gradebook, so gradebook and roster still agree.
        self._fail(f"{what}: {error}. The gradebook was not changed")

    def _fail(self, sentence: str) -> NoReturn:
        from nbgrader.apps.baseapp import NbGrader

        command = getattr(self.parent, "parent", None)
        if isinstance(command, NbGrader):
            command.fail("%s", sentence)
        raise ExchangeError(sentence)
