"""An assistant does the work of grading with nbgrader's commands, and the exchange refuses the rest."""

import json

from course import Course, PluginPerson, both_wires
from trees import Tree

WORK: Tree = {"p1.ipynb": b"{}", "answer.txt": b"42"}


def appoint(course: Course) -> PluginPerson:
    """Returns an assistant of the course."""
    assistant = course.service.person(f"tom of {course.name}")
    people = [{"username": assistant.name, "role": "assistant"}]
    course.instructor.put_json(f"v1/courses/{course.name}/roster", {"people": people})
    return assistant


@both_wires
def test_an_assistant_lists_collects_and_gives_feedback(course: Course) -> None:
    assistant = appoint(course)
    course.release()
    course.submit(course.first, WORK)
    listed = assistant.nbgrader("list", "--inbound", "ps1", course.option)
    assert course.first.name in listed.text
    assistant.nbgrader("collect", "ps1", course.option)
    collected = assistant.home / "submitted" / course.first.name / "ps1"
    assert (collected / "answer.txt").read_bytes() == b"42"
    marks = assistant.home / "feedback" / course.first.name / "ps1"
    marks.mkdir(parents=True)
    (marks / "p1.html").write_text("well done")
    time = (collected / "timestamp.txt").read_text()
    (marks / "timestamp.txt").write_text(time)
    assistant.nbgrader("release_feedback", "ps1", course.option)
    listing = course.instructor.send("GET", f"v1/courses/{course.name}/submissions")
    assert listing["submissions"][0]["feedback"] is not None, json.dumps(listing)


@both_wires
def test_an_assistant_releases_nothing_and_enrols_nobody(course: Course) -> None:
    assistant = appoint(course)
    course.release()
    release = assistant.home / "release" / "ps2"
    release.mkdir(parents=True)
    (release / "p1.ipynb").write_text("{}")
    refused = assistant.refused("release_assignment", "ps2", course.option)
    assert "not allowed" in refused
    config = assistant.home / "nbgrader_config.py"
    given = config.read_text() if config.exists() else ""
    config.write_text(f"{given}\nc = get_config()\nc.CourseDirectory.course_id = {course.name!r}\n")
    assert "not allowed" in assistant.refused("db", "student", "add", "somebody")
    roster = course.instructor.send("GET", f"v1/courses/{course.name}/roster")
    assert "somebody" not in [each["username"] for each in roster["people"]]
