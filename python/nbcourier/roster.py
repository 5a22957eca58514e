"""The exchange's roster as nbgrader's authenticator, so that there is one list of who is in a course."""

from __future__ import annotations

from nbgrader.auth import BaseAuthPlugin
from nbgrader.exchange.abc import ExchangeError

from .errors import CourierError, Refused
from .settings import NbCourier


class Roster(NbCourier, BaseAuthPlugin):
    """Who is added in formgrader is enrolled at the exchange, and who is removed there is taken off its roster."""

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
        """Enrols a student who is not enrolled yet."""
        try:
            if course_id:
                self.transport.enrol(course_id, student_id)
        except CourierError as error:
            self._warn(f"'{student_id}' was not added to '{course_id}'", error)

    def remove_student_from_course(self, student_id: str, course_id: str) -> None:
        """Takes a student off the roster; their submissions stay."""
        try:
            if course_id:
                self.transport.remove_student(course_id, student_id)
        except CourierError as error:
            self._warn(f"'{student_id}' was not removed from '{course_id}'", error)

    def _is_student(self, course: str, student: str) -> bool:
        try:
            return self.transport.is_student(course, student)
        except Refused as refused:
            # Where one is a student oneself, one does not see who else is.
            if refused.status == 403:
                return False
            raise

    def _warn(self, what: str, error: CourierError) -> None:
        # No exception: the gradebook is right even if the exchange cannot follow now, and grading must go on.
        self.log.error("%s at the exchange: %s", what, error)
