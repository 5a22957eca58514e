"""The requests that nbgrader's pages make of a notebook server, as far as the exchange has a say in the answer.

Each is nbgrader's own handler, and does what that does when nbgrader was not told to use the exchange's roster.
"""

from __future__ import annotations

import json
import shlex
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, Callable, TypeVar
from urllib.parse import quote

from nbgrader.api import Gradebook, MissingEntry
from nbgrader.apps.api import NbGraderAPI
from nbgrader.auth import Authenticator
from nbgrader.exchange.abc import ExchangeError
from nbgrader.server_extensions.course_list.handlers import CourseListHandler
from nbgrader.server_extensions.formgrader.apihandlers import (
    StudentCollectionHandler,
    StudentHandler,
)
from nbgrader.server_extensions.formgrader.base import (
    BaseHandler,
    check_notebook_dir,
    check_xsrf,
)
from nbgrader.server_extensions.formgrader.handlers import ManageStudentsHandler
from tornado.httpclient import HTTPClientError
from tornado.web import HTTPError, authenticated
from traitlets.config import Config

from .errors import CourierError
from .other_threads import ask
from .roster import Roster
from .transport import DETAILS, Student

# What the page does with what is said here: shows it, and has a row's student removed.
_SCRIPT = Path(__file__).with_name("manage_students.js")
# How long a page waits for the exchange, in seconds.
_LONGEST_SILENCE_S = 10.0
# Where a listing says that it is not the whole, percent-encoded.
_NOTICE = "X-NbCourier-Notice"

T = TypeVar("T")


class _Page(BaseHandler):
    """What those of formgrader have in common."""

    def roster(self) -> Roster | None:
        """The exchange's, if nbgrader was told to use it and knows of which course."""
        plugin = Authenticator(parent=self.coursedir.parent).plugin
        if not isinstance(plugin, Roster) or not self.course:
            return None
        # Somebody looks at the page meanwhile, and can try again themselves.
        plugin.timeout = min(plugin.timeout, _LONGEST_SILENCE_S)
        plugin.attempts = 1
        return plugin

    async def ask_api(self, question: Callable[[NbGraderAPI], T]) -> T:
        """Asks nbgrader's API on another thread: to make one, it asks the exchange for all that is released."""
        self.coursedir.parent.load_config_file()
        make = partial(
            NbGraderAPI,
            self.coursedir,
            self.authenticator,
            parent=self.coursedir.parent,
        )
        return await ask(lambda: question(make()))

    def open_gradebook(self) -> Gradebook:
        """As the API does, without asking the exchange for anything."""
        return Gradebook(self.coursedir.db_url, self.course)

    @property
    def course(self) -> str:
        """The one that formgrader is about."""
        return self.coursedir.course_id

    def say(self, status: int, sentence: str) -> None:
        """Answers with a sentence for whoever looks at the page."""
        self.log.warning("Manage Students: %s", sentence)
        self.set_status(status)
        self.finish({"message": sentence})


class ManageStudents(_Page, ManageStudentsHandler):
    """The page of that name."""

    def render(self, name: str, **names: Any) -> str:
        """Nbgrader's page, with our script where the exchange's roster is in use."""
        page = super().render(name, **names)
        if self.roster() is None:
            return page
        script = f"<script>\n{_SCRIPT.read_text('utf-8')}</script>\n</head>"
        return page.replace("</head>", script, 1)


class Students(_Page, StudentCollectionHandler):
    """The rows of *Manage Students*: whom the gradebook has, and who is enrolled at the exchange."""

    @authenticated
    @check_xsrf
    @check_notebook_dir
    async def get(self) -> None:
        """Both, with what the exchange knows of them before what the gradebook does."""
        roster = self.roster()
        enrolled: list[Student] = []
        if roster is not None:
            try:
                enrolled = await ask(_students, roster, self.course)
            except CourierError as error:
                # Of no use to anybody is a page that shows nothing at all.
                notice = f"Only students of this gradebook are shown here. {error}."
                self.log.warning("Manage Students: %s", notice)
                self.set_header(_NOTICE, quote(notice))
        listed = await self.ask_api(lambda api: api.get_students())
        self.write(json.dumps(_merged(listed, enrolled) if enrolled else listed))


class OneStudent(_Page, StudentHandler):
    """One row of *Manage Students*: who is saved there is enrolled at the exchange, and who is removed no more."""

    @authenticated
    @check_xsrf
    @check_notebook_dir
    async def put(self, student_id: str) -> None:
        """Saves what was typed: at the exchange, and then in the gradebook."""
        roster = self.roster()
        typed = self.get_json_body()
        name = student_id.strip()
        if roster is not None:
            details = {detail: typed.get(detail) or "" for detail in DETAILS}
            try:
                await ask(roster.enrol, self.course, Student(name, **details))
            except CourierError as error:
                # Before the gradebook has it either, so that both agree.
                self.say(502, f"'{student_id}' was not saved. {error}.")
                return
        with self.open_gradebook() as gradebook:
            known = {detail: typed.get(detail) for detail in DETAILS}
            gradebook.update_or_create_student(name, **known)
        saved = await self.ask_api(lambda api: api.get_student(name))
        self.write(json.dumps(saved))

    @authenticated
    @check_xsrf
    @check_notebook_dir
    async def delete(self, student_id: str) -> None:
        """Takes somebody off the roster and out of the gradebook, if no grades are lost with that."""
        roster = self.roster()
        if roster is None:
            raise HTTPError(405)
        if self._is_graded(student_id):
            self.say(409, _has_grades(student_id, self.course))
            return
        # Not while the gradebook is open: whatever else writes to it would wait for the exchange.
        try:
            await ask(_remove, roster, self.course, student_id)
        except CourierError as error:
            self.say(502, f"'{student_id}' was not removed. {error}.")
            return
        # Grades that came meanwhile stay.
        if not self._is_graded(student_id):
            with self.open_gradebook() as gradebook, suppress(MissingEntry):
                gradebook.remove_student(student_id)
        self.set_status(204)
        self.finish()

    def _is_graded(self, student_id: str) -> bool:
        with self.open_gradebook() as gradebook:
            try:
                return bool(gradebook.find_student(student_id).submissions)
            except MissingEntry:
                return False


# On another thread with all it takes, finding the exchange included.
def _students(roster: Roster, course: str) -> list[Student]:
    return roster.transport.students(course)


def _remove(roster: Roster, course: str, student: str) -> None:
    roster.transport.remove_student(course, student)


def _merged(
    gradebook: list[dict[str, Any]], enrolled: list[Student]
) -> list[dict[str, Any]]:
    rows = {row["id"]: row for row in gradebook}
    for student in enrolled:
        row = rows.setdefault(student.username, _blank(student.username))
        row.update({name: getattr(student, name) or row[name] for name in DETAILS})
    # As nbgrader sorts them.
    return sorted(
        rows.values(),
        key=lambda row: (
            row["last_name"] or "None",
            row["first_name"] or "None",
            row["id"],
        ),
    )


def _blank(student: str) -> dict[str, Any]:
    # As nbgrader lists who is not in the gradebook, but has something collected.
    nothing = {"last_name": None, "first_name": None, "email": None}
    return {"id": student, **nothing, "lms_user_id": None, "score": 0, "max_score": 0}


def _has_grades(student: str, course: str) -> str:
    name, course = shlex.quote(student), shlex.quote(course)
    return (
        f"'{student}' was not removed, because the gradebook has grades of theirs. To take them off the exchange's"
        f" roster and keep the grades, run `nbcourier roster remove {course} {name}`; to remove both,"
        f" `nbgrader db student remove {name} --force`."
    )


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
    ("formgrader", r"/formgrader/manage_students/?", ManageStudents),
    ("formgrader", r"/formgrader/api/students", Students),
    ("formgrader", r"/formgrader/api/student/([^/]+)", OneStudent),
    ("course_list", r"/formgraders", Courses),
]
