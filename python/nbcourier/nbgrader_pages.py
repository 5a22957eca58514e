"""Answers the requests of nbgrader's pages to a notebook server that concern the exchange's roster.

Each handler extends nbgrader's own, and does the same as nbgrader's if the exchange's roster is not configured.
"""

from __future__ import annotations

import json
import shlex
from contextlib import suppress
from functools import partial
from html import escape
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
from nbgrader.server_extensions.formgrader.handlers import (
    GradebookAssignmentsHandler,
    GradebookNotebooksHandler,
    GradebookNotebookSubmissionsHandler,
    ManageAssignmentsHandler,
    ManageStudentNotebookSubmissionsHandler,
    ManageStudentsAssignmentsHandler,
    ManageStudentsHandler,
    ManageSubmissionsHandler,
    default_handlers,
)
from tornado.httpclient import HTTPClientError
from tornado.web import HTTPError, authenticated
from traitlets.config import Config

from . import pages
from .errors import CourierError
from .other_threads import ask
from .roster import Roster
from .transport import DETAILS, Student

# The script that shows the notices of these handlers on the page and removes the student of a row.
_SCRIPT = Path(__file__).with_name("manage_students.js")
# The longest time that a page waits for the exchange, in seconds.
_LONGEST_SILENCE_S = 10.0
# The header that says why a listing is incomplete, percent-encoded.
_NOTICE = "X-NbCourier-Notice"

# The end of the menu of formgrader's pages.
_LAST_OF_MENU = '/formgrader/manage_students">Manage Students</a></li>'
# It opens a tab of its own, because JupyterLab shows formgrader in a frame, and the exchange's pages refuse frames.
_LINK = '<li role="presentation"><a href="{}" target="_blank" rel="noopener">Exchange: who has submitted</a></li>'

T = TypeVar("T")


class _Page(BaseHandler):
    """The common parts of formgrader's handlers."""

    def roster(self) -> Roster | None:
        """Returns the exchange's roster, if nbgrader is configured to use it and knows the course; else None."""
        plugin = Authenticator(parent=self.coursedir.parent).plugin
        if not isinstance(plugin, Roster) or not self.course:
            return None
        # A person waits for the page, and can try again.
        plugin.timeout = min(plugin.timeout, _LONGEST_SILENCE_S)
        plugin.attempts = 1
        return plugin

    async def ask_api(self, question: Callable[[NbGraderAPI], T]) -> T:
        """Asks nbgrader's API on another thread, because creating the API asks the exchange for all releases."""
        self.coursedir.parent.load_config_file()
        make = partial(
            NbGraderAPI,
            self.coursedir,
            self.authenticator,
            parent=self.coursedir.parent,
        )
        return await ask(lambda: question(make()))

    def render(self, name: str, **names: Any) -> str:
        """Returns nbgrader's page. Its menu has a link to the exchange's page of the course, if the exchange is in use."""
        page = super().render(name, **names)
        roster = self.roster()
        if roster is None:
            return page
        try:
            address = pages.link(roster, self.course)
        except CourierError as error:
            self.log.info("There is no link to the exchange's pages: %s", error)
            return page
        return page.replace(_LAST_OF_MENU, _LAST_OF_MENU + _LINK.format(escape(address)), 1)

    def open_gradebook(self) -> Gradebook:
        """Opens the gradebook as the API does, without asking the exchange for anything."""
        return Gradebook(self.coursedir.db_url, self.course)

    @property
    def course(self) -> str:
        """Returns the course that formgrader is for."""
        return self.coursedir.course_id

    def say(self, status: int, sentence: str) -> None:
        """Answers with a sentence for the person who looks at the page."""
        self.log.warning("Manage Students: %s", sentence)
        self.set_status(status)
        self.finish({"message": sentence})


class ManageStudents(_Page, ManageStudentsHandler):
    """The page *Manage Students*."""

    def render(self, name: str, **names: Any) -> str:
        """Returns nbgrader's page, with our script if the exchange's roster is in use."""
        page = super().render(name, **names)
        if self.roster() is None:
            return page
        script = f"<script>\n{_SCRIPT.read_text('utf-8')}</script>\n</head>"
        return page.replace("</head>", script, 1)


class Students(_Page, StudentCollectionHandler):
    """The rows of *Manage Students*: the students in the gradebook and on the exchange's roster."""

    @authenticated
    @check_xsrf
    @check_notebook_dir
    async def get(self) -> None:
        """Returns both as JSON. Data of the exchange take precedence over the gradebook."""
        roster = self.roster()
        enrolled: list[Student] = []
        if roster is not None:
            try:
                enrolled = await ask(_students, roster, self.course)
            except CourierError as error:
                # The students of the gradebook are more useful than an empty page.
                notice = f"Only students of this gradebook are shown here. {error}."
                self.log.warning("Manage Students: %s", notice)
                self.set_header(_NOTICE, quote(notice))
        listed = await self.ask_api(lambda api: api.get_students())
        self.write(json.dumps(_merged(listed, enrolled) if enrolled else listed))


class OneStudent(_Page, StudentHandler):
    """One row of *Manage Students*. Saving it enrols the student at the exchange, removing it ends the enrolment."""

    @authenticated
    @check_xsrf
    @check_notebook_dir
    async def put(self, student_id: str) -> None:
        """Saves the student at the exchange, and then in the gradebook."""
        roster = self.roster()
        typed = self.get_json_body()
        name = student_id.strip()
        if roster is not None:
            details = {detail: typed.get(detail) or "" for detail in DETAILS}
            try:
                await ask(roster.enrol, self.course, Student(name, **details))
            except CourierError as error:
                # Nothing was written to the gradebook yet, so both agree.
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
        """Removes a student from the roster and the gradebook, unless grades would be lost."""
        roster = self.roster()
        if roster is None:
            raise HTTPError(405)
        if self._is_graded(student_id):
            self.say(409, _has_grades(student_id, self.course))
            return
        # The gradebook is closed during this request, so that others can write to it meanwhile.
        try:
            await ask(_remove, roster, self.course, student_id)
        except CourierError as error:
            self.say(502, f"'{student_id}' was not removed. {error}.")
            return
        # A student who got grades in the meantime stays.
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


# Runs on another thread as a whole, because finding the exchange takes time too.
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
    # nbgrader sorts in the same way.
    return sorted(
        rows.values(),
        key=lambda row: (
            row["last_name"] or "None",
            row["first_name"] or "None",
            row["id"],
        ),
    )


def _blank(student: str) -> dict[str, Any]:
    # nbgrader returns the same for a student who is not in the gradebook but whose work was collected.
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
    """The list of formgraders. It shows this server's own even if the hub does not list others."""

    async def check_for_jupyterhub_formgraders(self, config: Config) -> list[dict]:
        """Returns the formgraders that the hub runs as services."""
        try:
            return await super().check_for_jupyterhub_formgraders(config)
        # A server's token may list the hub's services only if the operator grants that. Even then it needs a further
        # scope to see their addresses.
        except (ExchangeError, HTTPClientError, KeyError) as error:
            if not isinstance(Authenticator(config=config).plugin, Roster):
                raise
            self.log.warning("The formgraders among the hub's services: %r", error)
            return []


# The pages with formgrader's menu, but for *Manage Students*.
_WITH_MENU = (
    GradebookAssignmentsHandler,
    GradebookNotebooksHandler,
    GradebookNotebookSubmissionsHandler,
    ManageAssignmentsHandler,
    ManageStudentNotebookSubmissionsHandler,
    ManageStudentsAssignmentsHandler,
    ManageSubmissionsHandler,
)

# The page, the address of the request below the server's own, and the handler.
handlers = [
    ("formgrader", r"/formgrader/manage_students/?", ManageStudents),
    ("formgrader", r"/formgrader/api/students", Students),
    ("formgrader", r"/formgrader/api/student/([^/]+)", OneStudent),
    ("course_list", r"/formgraders", Courses),
    *(
        ("formgrader", address, type(handler.__name__, (_Page, handler), {}))
        for address, handler, *_ in default_handlers
        if handler in _WITH_MENU
    ),
]
