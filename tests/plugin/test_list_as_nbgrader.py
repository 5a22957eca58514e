"""Our lister returns the same to nbgrader's pages as nbgrader's own exchange, key by key."""

import json
import re
from pathlib import Path

from course import Course
from trees import write_tree

# The steps of a student and an instructor with, after each, all listings as JSON.
STEPS = r"""
import json, os, sys
from pathlib import Path
from nbgrader.apps.baseapp import NbGrader

options = json.loads(sys.argv[1])
app = NbGrader()
app.initialize([])
from nbgrader.auth import Authenticator
from nbgrader.coursedir import CourseDirectory
from nbgrader.exchange import ExchangeFactory

def run(what, who, **settings):
    os.environ.update(USER=who, JUPYTERHUB_API_TOKEN=who)
    config = app.config.copy()
    config.CourseDirectory.update({"course_id": options["course"], "root": options["home"]})
    config.Exchange.assignment_dir = options["home"]
    config.CourseDirectory.update(settings.pop("course", {}))
    coursedir = CourseDirectory(config=config)
    authenticator = Authenticator(config=config)
    made = getattr(ExchangeFactory(config=config), what)(
        coursedir=coursedir, authenticator=authenticator, config=config
    )
    for name, value in settings.items():
        setattr(made, name, value)
    return made.start()

listings = {}
def take_down(after):
    for name, who, how in (
        ("released", student, {}),
        ("inbound", teacher, {"inbound": True}),
        ("cached", student, {"cached": True}),
    ):
        listings[f"{name}, {after}"] = run("List", who, **how)

teacher, student = options["teacher"], options["student"]
one = {"assignment_id": "ps1"}
run("ReleaseAssignment", teacher, course=one)
take_down("released")
run("FetchAssignment", student, course=one)
take_down("fetched")
for text in ("first", "second"):
    Path(options["home"], "ps1", "p2.ipynb").write_text(text)
    run("Submit", student, course=one)
take_down("submitted")
run("Collect", teacher, course=one)
name = os.listdir(Path(options["home"], "submitted"))[0]
collected = Path(options["home"], "submitted", name, "ps1")
pages = Path(options["home"], "feedback", name, "ps1")
pages.mkdir(parents=True)
# The files that nbgrader copies from the collected submission, if it has them.
for carried in ("timestamp.txt", "submission_secret.txt"):
    if (collected / carried).exists():
        (pages / carried).write_text((collected / carried).read_text())

def give(*notebooks, text):
    for notebook in notebooks:
        (pages / f"{notebook}.html").write_text(text)
    run("ReleaseFeedback", teacher, course=one)

give("p1", text="feedback")
take_down("one page given")
give("p1", "p2", text="feedback")
take_down("feedback given")
run("FetchFeedback", student, course=one)
take_down("feedback fetched")
give("p1", text="better feedback")
take_down("feedback changed")
for name, who, how in (
    ("cached", student, {"cached": True}),
    ("inbound", teacher, {"inbound": True}),
    ("released", teacher, {}),
):
    listings[f"{name}, being removed"] = run("List", who, remove=True, **how)
    listings[f"{name}, removed"] = run("List", who, **how)
print(json.dumps(listings))
"""


def test_every_listing_is_that_of_nbgraders_own_exchange(
    course: Course, tmp_path: Path
) -> None:
    theirs, their_text = listings(course, tmp_path / "theirs", tmp_path / "exchange")
    ours, our_text = listings(course, tmp_path / "ours", None)
    assert list(ours) == list(theirs)
    for name, listed in theirs.items():
        assert ours[name] == listed, name
    # Makes sure that the listings are not the same only because both are empty.
    for word in ("fetched", 'feedback_updated": true', "removed"):
        assert word in their_text and word in our_text


def listings(course: Course, home: Path, root: Path | None) -> tuple[dict, str]:
    """Returns all listings by name, without the parts that must differ, and the raw text."""
    write_tree(
        home / "release" / "ps1",
        {"p1.ipynb": b"{}", "p2.ipynb": b"{}", "data/d.csv": b"1"},
    )
    person = course.instructor
    config = person.home / ".jupyter" / "nbgrader_config.py"
    ours = config.read_text()
    if root is not None:
        # nbgrader names people by their account on the machine.
        root.mkdir(mode=0o777)
        root.chmod(0o777)
        config.write_text(
            "c = get_config()\n"
            f"c.Exchange.root = {str(root)!r}\n"
            f"c.Exchange.cache = {str(home / 'cache')!r}\n"
        )
    else:
        config.write_text(
            ours + f"c.NbCourierExchange.cache = {str(home / 'cache')!r}\n"
        )
    options = {
        "course": course.name,
        "home": str(home),
        "teacher": person.name,
        "student": course.second.name,
    }
    outcome = person.attempt("python", "-c", STEPS, json.dumps(options))
    config.write_text(ours)
    assert outcome.code == 0, str(outcome)
    text = outcome.stdout.splitlines()[-1]
    return {
        name: [_without_chance(each, home) for each in listed]
        for name, listed in json.loads(text).items()
    }, text


def _without_chance(info: dict, home: Path) -> dict:
    """Returns the entry without times, the student's name, and the exchange's own paths."""
    return {
        key: _value(key, value, home)
        for key, value in info.items()
        # The tail of a directory's name, which nothing reads.
        if key != "random_string"
    }


def _value(key: str, value: object, home: Path) -> object:
    if key in ("notebooks", "submissions"):
        return [_without_chance(each, home) for each in value]
    if key == "student_id":
        return "the student"
    if key == "timestamp":
        return "a time"
    if isinstance(value, str) and "path" in key:
        if "/ps1" in value and str(home / "cache") not in value and str(home) in value:
            return re.sub(r"\d{4}-\d\d-\d\d [\d:.]+( UTC)?", "a time", value).replace(
                str(home), "HOME"
            )
        return (
            f"somewhere/{Path(value).name}" if value.endswith(".ipynb") else "somewhere"
        )
    return value
