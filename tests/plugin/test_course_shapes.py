"""Courses with the shapes of public ones pass from release to feedback unchanged, byte for byte."""

import json
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
import pytest
import requests
from course import Course
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from own_exchange import OwnDesk
from people import Person
from standalone import Standalone
from test_moving_in_directory import move
from trees import Tree, assert_same_tree, decoded, read_tree, without, write_tree

PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40
PYTHON = {"name": "python3", "display_name": "Python 3", "language": "python"}
ANSWER_LIMIT_S = 60
R = {"name": "ir", "display_name": "R", "language": "R"}


@dataclass(frozen=True)
class Shape:
    """The files that an author writes, and those in the directories where people work."""

    source: Tree
    # Files that students add.
    added: Tree = field(default_factory=dict)
    # Files that nbgrader leaves behind in every directory.
    leftovers: Tree = field(default_factory=dict)


def notebook(kernel: dict, text: str) -> bytes:
    """Returns a notebook with a question, an answer and its test."""

    def about(name: str, **more: object) -> dict:
        cell = {"grade": False, "solution": False, "locked": False, "task": False}
        return {"nbgrader": cell | {"grade_id": name, "schema_version": 3} | more}

    answer = "### BEGIN SOLUTION\nx <- 9\n### END SOLUTION"
    points = {"grade": True, "locked": True, "points": 2}
    cells = [
        new_markdown_cell(text),
        new_code_cell(answer, metadata=about("answer", solution=True)),
        new_code_cell("x", metadata=about("test", **points)),
    ]
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number}"
    made = new_notebook(cells=cells, metadata={"kernelspec": kernel})
    return nbformat.writes(made).encode()


SHAPES = {
    "two notebooks": Shape(
        {
            "p1.ipynb": notebook(PYTHON, "One"),
            "p2.ipynb": notebook(PYTHON, "Two"),
            "helper.py": b"def f():\n    return 1\n",
        }
    ),
    "blanks, data and pictures": Shape(
        {
            "Problem set (1).ipynb": notebook(PYTHON, "![](images/a picture.png)"),
            "images/a picture.png": PICTURE,
            "data/räw data.csv": "a;b\r\nü;2\r\n".encode(),
            "data/empty.txt": b"",
        },
        {"my plot.png": PICTURE[::-1], "data/own/out put.csv": b"1\n"},
    ),
    "R": Shape(
        {
            "lab.ipynb": notebook(R, "Fit a model"),
            "lab.Rproj": b"Version: 1.0\n",
            ".Rprofile": b"options(digits = 3)\n",
        },
        {".RData": bytes(range(256)) * 300, "Rplots.pdf": b"%PDF-1.4\n"},
    ),
    "leftovers": Shape(
        {"p1.ipynb": notebook(PYTHON, "One"), "notes/read me.md": b"# Notes\n"},
        {
            "run.log": b"line\n" * 20_000,
            "p1-Copy1.ipynb": notebook(PYTHON, "copied"),
            ".~p1.ipynb": b"{}",
            "p1.nbconvert.log": b"",
        },
        {
            ".ipynb_checkpoints/p1-checkpoint.ipynb": b"{}",
            "notes/.ipynb_checkpoints/read me-checkpoint.md": b"old",
            "__pycache__/helper.cpython-311.pyc": b"\0",
        },
    ),
}


def answered(released: Tree, who: str) -> Tree:
    """Returns the notebooks as a student submits them."""
    work = {}
    for path, content in released.items():
        if path.endswith(".ipynb"):
            parsed = json.loads(content)
            parsed["metadata"]["by"] = who
            work[path] = json.dumps(parsed, indent=1).encode()
    return work


@pytest.mark.parametrize("name", SHAPES)
def test_a_course_of_this_shape_comes_through_whole(course: Course, name: str) -> None:
    shape = SHAPES[name]
    ira = course.instructor
    write_tree(ira.home / "source" / "ps1", shape.source | shape.leftovers)
    ira.nbgrader("generate_assignment", "ps1", course.option)
    write_tree(ira.home / "release" / "ps1", shape.leftovers)
    ira.nbgrader("release_assignment", "ps1", course.option)
    released = without(read_tree(ira.home / "release" / "ps1"), *shape.leftovers)
    assert set(released) == set(shape.source)
    assert_same_tree(course.released(), released)

    works = {}
    for student in (course.first, course.second):
        student.nbgrader("fetch_assignment", "ps1", course.option)
        work = student.home / "ps1"
        assert_same_tree(read_tree(work), released)
        write_tree(work, answered(released, student.name) | shape.added)
        write_tree(work, shape.leftovers)
        works[student.name] = without(read_tree(work), *shape.leftovers)
        student.nbgrader("submit", "ps1", course.option)
        assert_same_tree(course.submitted(student), works[student.name])

    ira.nbgrader("collect", "ps1", course.option)
    for student in (course.first, course.second):
        collected = read_tree(ira.home / "submitted" / student.name / "ps1")
        assert_same_tree(without(collected, "timestamp.txt"), works[student.name])

    ira.nbgrader("autograde", "ps1", course.option, "--no-execute")
    ira.nbgrader("generate_feedback", "ps1", course.option)
    ira.nbgrader("release_feedback", "ps1", course.option)
    for student in (course.first, course.second):
        fetch_and_compare(course, student)


def fetch_and_compare(course: Course, student: Person) -> None:
    made = read_tree(course.instructor.home / "feedback" / student.name / "ps1")
    pages = {name: page for name, page in made.items() if name.endswith(".html")}
    notebooks = {Path(path).stem for path in course.released() if ".ipynb" in path}
    assert {Path(name).stem for name in pages} >= notebooks
    student.nbgrader("fetch_feedback", "ps1", course.option)
    (time,) = course.submissions(student)
    fetched = read_tree(student.home / "ps1" / "feedback" / time)
    assert_same_tree(fetched, pages)
    (line,) = student.listing("--cached", course.option)
    assert line.endswith("(feedback already fetched)")


@pytest.mark.parametrize("name", SHAPES)
def test_a_course_of_this_shape_moves_in_whole(
    name: str, binary: Path, tmp_path: Path
) -> None:
    shape, course = SHAPES[name], "algebra"
    root = tmp_path / "exchange"
    ira = OwnDesk(root, "ira", tmp_path / "ira")
    write_tree(ira.home / "release" / "ps1", shape.source | shape.leftovers)
    ira.run("ReleaseAssignment", course, "ps1")
    for name in ("ada", "bob"):
        student = OwnDesk(root, name, tmp_path / name)
        student.run("FetchAssignment", course, "ps1")
        answers = answered(shape.source, name) | shape.added | shape.leftovers
        write_tree(student.home / "ps1", answers)
        student.run("Submit", course, "ps1")
    old = root / course
    released = read_tree(old / "outbound" / "ps1")
    assert set(released) >= set(shape.source)
    handed_in = {
        place.name.split("+")[0]: without(
            read_tree(place), "timestamp.txt", "submission_secret.txt"
        )
        for place in (old / "inbound").iterdir()
    }
    assert all(set(work) >= set(shape.source | shape.added) for work in handed_in.values())

    place = tmp_path / "new"
    place.mkdir()
    outcome = move(binary, root, place / "data", "--instructor=ira")
    assert outcome.code == 0, outcome.stdout + outcome.stderr
    service = Standalone(binary, place)
    try:
        assert_same_tree(files_of(service, "assignment/algebra/ps1"), released)
        for student, work in handed_in.items():
            assert_same_tree(files_of(service, f"submission/algebra/ps1/{student}"), work)
    finally:
        assert service.stop() == 0


def files_of(service: Standalone, path: str) -> Tree:
    """Returns a tree as an instructor gets it."""
    answer = requests.get(
        f"{service.url}/{path}", headers={"Authorization": "token ira"}, timeout=ANSWER_LIMIT_S
    )
    assert answer.ok, answer.text
    return decoded(answer.json()["files"])
