"""Answers the requests of nbgrader's *Assignment List* with the exchange's sentences, and does not block the server.

Each handler extends nbgrader's own, and does the same as nbgrader's if another exchange is configured.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from textwrap import fill
from typing import Any

from nbgrader.auth import Authenticator
from nbgrader.coursedir import CourseDirectory
from nbgrader.exchange import ExchangeFactory
from nbgrader.exchange.abc import ExchangeError
from nbgrader.server_extensions.assignment_list.handlers import (
    AssignmentActionHandler,
    AssignmentListHandler,
    BaseAssignmentHandler,
    CourseListHandler,
)
from tornado.web import MissingArgumentError, authenticated

from . import pages
from .exchange import NbCourierExchange
from .other_threads import ask

# The member of an answer that our script in JupyterLab shows in a dialog. nbgrader's script does not know it.
_NOTICE = "nbcourier"
# The member of a list that our script makes a link of: the address of the exchange's page of the course.
_PAGE = "nbcourierPage"
# The slot of nbgrader for each action, and the titles of the dialogs after success and after failure.
_ACTIONS = {
    "fetch": ("FetchAssignment", "Assignment fetched", "Assignment not fetched"),
    "submit": ("Submit", "Assignment submitted", "Assignment not submitted"),
    "fetch_feedback": ("FetchFeedback", "Feedback", "Feedback not fetched"),
}

# The maximum length of a line in a dialog, in characters.
_WIDTH = 90

Answer = dict[str, Any]


class _Page(BaseAssignmentHandler):
    """The common parts of these handlers."""

    def made(
        self, slot: str, course: str | None, assignment: str = "", **settings: Any
    ) -> NbCourierExchange | None:
        """Returns the object for a slot of nbgrader, ready for another thread; None for another exchange."""
        with _same_directory(), self.manager.get_assignment_dir_config() as config:
            if assignment:
                # nbgrader does the same: the directory of the assignments may have another configuration file.
                config = self.manager.load_config()
                config.CourseDirectory.assignment_id = assignment
            if course:
                config.CourseDirectory.course_id = course
            coursedir = CourseDirectory(config=config)
            exchange = getattr(ExchangeFactory(config=config), slot)(
                coursedir=coursedir,
                authenticator=Authenticator(config=config),
                config=config,
            )
            if not isinstance(exchange, NbCourierExchange):
                return None
            # The working directory of this process changes while the exchange is asked.
            coursedir.root = os.path.abspath(coursedir.root)
            exchange.assignment_dir = os.path.abspath(exchange.assignment_dir)
        for name, value in settings.items():
            setattr(exchange, name, value)
        return exchange

    @property
    def is_ours(self) -> bool:
        """Whether nbgrader is configured to use this exchange."""
        return self.made("List", None) is not None

    async def listed(self, course: str | None) -> Answer:
        """Returns what the page shows of one or all courses; on failure `success` is false, with a sentence."""
        released, submitted = (
            self.made("List", course, cached=cached) for cached in (False, True)
        )
        try:
            found = await ask(released.start), await ask(submitted.start)
        except ExchangeError as error:
            return {"success": False, "value": str(error)}
        answer: Answer = {"success": True, "value": self._as_shown(*found)}
        if course and released.transport.has_pages:
            answer[_PAGE] = pages.link(released, course)
        return answer

    def _as_shown(self, released: list[Answer], submitted: list[Answer]) -> list[Answer]:
        """Returns both lists in nbgrader's order, with paths relative to the server's root directory."""
        for entry in released:
            if entry["status"] == "fetched":
                for each in (entry, *entry["notebooks"]):
                    each["path"] = self._from_root(each["path"])
        for entry in submitted:
            for each in entry["submissions"]:
                path = each["local_feedback_path"]
                if path and os.path.exists(path):
                    each["local_feedback_path"] = self._from_root(path)
        released.sort(key=lambda each: (each["course_id"], each["assignment_id"]))
        submitted.sort(key=lambda each: each["assignment_id"])
        return released + submitted

    def _from_root(self, path: str) -> str:
        return os.path.relpath(path, self.manager.root_dir)


class Assignments(_Page, AssignmentListHandler):
    """The lists of one course."""

    @authenticated
    async def get(self) -> None:
        """Returns the lists as JSON."""
        if not self.is_ours:
            super().get()
            return
        course = self.get_argument("course_id")
        self.finish(json.dumps(await self.listed(course)))


class Courses(_Page, CourseListHandler):
    """The courses to choose from."""

    @authenticated
    async def get(self) -> None:
        """Returns the names of the courses as JSON."""
        if not self.is_ours:
            super().get()
            return
        answer = await self.listed(None)
        if answer["success"]:
            answer["value"] = sorted({each["course_id"] for each in answer["value"]})
        self.finish(json.dumps(answer))


class Action(_Page, AssignmentActionHandler):
    """A click on *Fetch*, *Submit* or *Fetch Feedback*."""

    @authenticated
    async def post(self, action: str) -> None:
        """Runs the action; returns the new lists, or the reason for a failure."""
        course, assignment = self._asked_for()
        slot, done, not_done = _ACTIONS[action]
        exchange = self.made(slot, course, assignment)
        if exchange is None or not self.is_ours:
            super().post(action)
            return
        try:
            await ask(exchange.start)
        except ExchangeError as error:
            self.log.warning("%s: %s", not_done, error)
            sentence = str(error)
            if action == "submit":
                # nbgrader shows this in a dialog that does not wrap long lines.
                sentence = fill(sentence, _WIDTH, break_long_words=False, break_on_hyphens=False)
                answer: Answer = {"success": False, "value": sentence}
            else:
                notice = _notice(not_done, [sentence], reload=True)
                answer = {"success": False, "value": sentence} | notice
        else:
            answer = await self.listed(course)
            said = exchange.notices
            if not answer["success"]:
                # The action succeeded, even if the lists cannot be shown.
                said = [*said, f"The lists cannot be shown. {answer['value']}"]
                answer = {"success": True, "value": []}
            if said:
                answer |= _notice(done, [*exchange.outcome, *said])
        self.finish(json.dumps(answer))

    def _asked_for(self) -> tuple[str, str]:
        try:
            return self.get_argument("course_id"), self.get_argument("assignment_id")
        except MissingArgumentError:
            body = self.get_json_body() or {}
            return body["course_id"], body["assignment_id"]


def _notice(title: str, sentences: list[str], *, reload: bool = False) -> Answer:
    return {_NOTICE: {"title": title, "sentences": sentences, "reload": reload}}


@contextmanager
def _same_directory() -> Iterator[None]:
    # nbgrader changes the working directory, and does not change it back after a failure.
    here = os.getcwd()
    try:
        yield
    finally:
        os.chdir(here)


# The page, the address of the request below the server's own, and the handler.
handlers = [
    ("assignment_list", r"/assignments", Assignments),
    ("assignment_list", r"/assignments/(?P<action>fetch|submit|fetch_feedback)", Action),
    ("assignment_list", r"/courses", Courses),
]
