"""The requests that nbgrader's pages make of a notebook server, as far as the exchange has a say in the answer.

Each is nbgrader's own handler, and does what that does when nbgrader was not told to use the exchange's roster.
"""

from __future__ import annotations

from nbgrader.api import Gradebook
from nbgrader.auth import Authenticator
from nbgrader.exchange.abc import ExchangeError
from nbgrader.server_extensions.course_list.handlers import CourseListHandler
from nbgrader.server_extensions.formgrader.apihandlers import StudentHandler
from tornado.httpclient import HTTPClientError
from tornado.web import HTTPError
from traitlets.config import Config

from .errors import CourierError, Refused
from .roster import Roster


class Student(StudentHandler):
    """One row of formgrader's *Manage Students*: who is saved there is enrolled at the exchange."""

    @property
    def gradebook(self) -> Gradebook:
        """The gradebook with an authenticator, which formgrader does without."""
        gradebook = super().gradebook
        roster = Authenticator(parent=self.coursedir.parent).plugin
        if isinstance(roster, Roster):
            gradebook.authenticator = _Enrolling(roster)
        return gradebook


class _Enrolling:
    # Formgrader shows no log. So here what the exchange refuses fails before the gradebook has it either, and whoever
    # looks at the list again sees that.
    def __init__(self, roster: Roster) -> None:
        self._roster = roster

    def add_student_to_course(self, student_id: str, course_id: str) -> None:
        try:
            exchange = self._roster.transport
            if course_id and not exchange.is_student(course_id, student_id):
                exchange.enrol(course_id, student_id)
        except CourierError as error:
            if isinstance(error, Refused) and error.status == 409:
                # They teach the course. Whoever tries out their own assignment should still get a grade.
                return
            raise HTTPError(502, "%s", error) from error


class Courses(CourseListHandler):
    """The list of formgraders: that of this server is shown even if the hub tells nothing of others."""

    async def check_for_jupyterhub_formgraders(self, config: Config) -> list[dict]:
        """Those that the hub runs as services."""
        try:
            return await super().check_for_jupyterhub_formgraders(config)
        # A server's token may ask the hub for its services only where the operator has said so; and where it may, it
        # can see no addresses without a further scope.
        except (ExchangeError, HTTPClientError, KeyError) as error:
            if not isinstance(Authenticator(config=config).plugin, Roster):
                raise
            self.log.warning("The formgraders among the hub's services: %r", error)
            return []


# The page, the address of the request below the server's own, and what answers it.
handlers = [
    ("formgrader", r"/formgrader/api/student/([^/]+)", Student),
    ("course_list", r"/formgraders", Courses),
]
