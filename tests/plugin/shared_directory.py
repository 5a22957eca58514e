"""A program that runs a term in nbgrader's own exchange, a shared directory.

Each person has a directory below the current one; the exchange is `exchange`. The first argument is the course.
"""

import sys
from pathlib import Path

from nbgrader.apps.baseapp import NbGrader
from nbgrader.auth import Authenticator
from nbgrader.coursedir import CourseDirectory
from nbgrader.exchange import ExchangeFactory
from traitlets.config import Config

HERE = Path.cwd()
COURSE = sys.argv[1]
NOTEBOOK = '{"cells": [], "metadata": {"by": "%s"}, "nbformat": 4, "nbformat_minor": 5}'


def run(what: str, who: str, assignment: str, student: str = "*") -> None:
    """Runs a command of nbgrader as a person in their own directory."""
    app = NbGrader()
    app.initialize([])
    config = Config(app.config)
    config.Exchange.root = str(HERE / "exchange")
    config.Exchange.cache = str(HERE / who / "cache")
    config.Exchange.assignment_dir = str(HERE / who)
    config.CourseDirectory.root = str(HERE / who)
    config.CourseDirectory.course_id = COURSE
    config.CourseDirectory.assignment_id = assignment
    config.CourseDirectory.student_id = student
    coursedir = CourseDirectory(config=config)
    factory = ExchangeFactory(config=config)
    made = getattr(factory, what)(
        coursedir=coursedir, authenticator=Authenticator(config=config), config=config
    )
    made.start()


def write(path: Path, text: str) -> None:
    """Writes a file and makes its directory."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def main() -> None:
    """Runs the term: a release, three submissions by two students, feedback on the newest of each, one withdrawal."""
    (HERE / "exchange").mkdir()
    for assignment in ("ps1", "withdrawn"):
        release = HERE / "ira" / "release" / assignment
        write(release / "p1.ipynb", NOTEBOOK % "ira")
        write(release / "p2 (two).ipynb", NOTEBOOK % "ira, too")
        write(release / "data" / "täble.csv", "ä;b\n")
        run("ReleaseAssignment", "ira", assignment)
    for who, attempt in (("ada", 1), ("ada", 2), ("zoë b", 1)):
        work = HERE / who / "ps1"
        write(work / "p1.ipynb", NOTEBOOK % f"{who} {attempt}")
        write(work / "data" / "mine.txt", f"{attempt}")
        if attempt == 2:
            write(work / "p2 (two).ipynb", NOTEBOOK % who)
        run("Submit", who, "ps1", student=who)
    write(HERE / "ada" / "withdrawn" / "p1.ipynb", NOTEBOOK % "ada")
    run("Submit", "ada", "withdrawn", student="ada")
    run("Collect", "ira", "ps1")
    for who in ("ada", "zoë b"):
        collected = HERE / "ira" / "submitted" / who / "ps1"
        graded = HERE / "ira" / "feedback" / who / "ps1"
        for name in ("timestamp.txt", "submission_secret.txt"):
            write(graded / name, (collected / name).read_text())
        for notebook in ("p1", "p2 (two)"):
            write(graded / f"{notebook}.html", f"<p>{notebook} of {who}")
        run("ReleaseFeedback", "ira", "ps1", student=who)


main()
