"""Runs nbgrader's exchange classes in the process of the tests, for tests that need no command line."""

import functools
import logging
import sys
from pathlib import Path
from typing import Any

import pytest
from course import PYTHON_SOURCE
from nbgrader import api
from nbgrader.auth import Authenticator
from nbgrader.coursedir import CourseDirectory
from nbgrader.exchange import ExchangeFactory
from nbgrader.exchange.abc import ExchangeError
from traitlets.config import Config

sys.path.insert(0, str(PYTHON_SOURCE))

import nbcourier  # noqa: E402 (needs the path set above)

# For each new gradebook, nbgrader runs `alembic`, which only prints the version of nbgrader's own tables.
api.get_alembic_version = functools.cache(api.get_alembic_version)


class Desk:
    """A person with the plugin, in a directory of their own."""

    def __init__(self, url: str, name: str, home: Path) -> None:
        """`url` is the exchange's address; `name` is also the person's token."""
        self.name = name
        self.home = home
        self.said: list[str] = []
        self.config = Config()
        nbcourier.configure(self.config, url)
        self.config.NbCourier.attempts = 1
        self.config.NbCourierExchange.cache = str(home / ".cache")
        self.config.Exchange.assignment_dir = str(home)
        self.config.CourseDirectory.root = str(home)

    def run(self, slot: str, course: str, assignment: str = "", **settings: Any) -> Any:
        """Creates the class for one of nbgrader's slots, starts it and returns its result."""
        config = self.config.copy()
        config.CourseDirectory.course_id = course
        config.CourseDirectory.assignment_id = assignment
        if student := settings.pop("student", ""):
            config.CourseDirectory.student_id = student
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("JUPYTERHUB_API_TOKEN", self.name)
            patch.setenv("JUPYTERHUB_USER", self.name)
            patch.delenv("NBCOURIER_URL", raising=False)
            made = getattr(ExchangeFactory(config=config), slot)(
                coursedir=CourseDirectory(config=config),
                authenticator=Authenticator(config=config),
                config=config,
            )
            made.log = logging.getLogger("a desk")
            for name, value in settings.items():
                setattr(made, name, value)
            done = made.start()
            # The sentences that nbgrader's pages show beside the result.
            self.said = [
                sentence
                for part in ("outcome", "notices")
                for sentence in getattr(made, part, ())
            ]
            return done

    def fail(self, slot: str, *names: str, **settings: Any) -> str:
        """Runs a slot that must fail with the error that nbgrader's pages expect; returns the sentence."""
        with pytest.raises(ExchangeError) as failed:
            self.run(slot, *names, **settings)
        assert "This is a bug" not in str(failed.value), failed.value
        return str(failed.value)
