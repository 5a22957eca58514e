"""Whole classes and faculties at the same moment: nothing is lost, and listings need few requests."""

import base64
import json
import subprocess
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests
from archives import archive_of
from course import Course, PluginStandalone, both_wires, through
from front import Front
from trees import decoded

CLASS = 300
COURSES = 300
LIMIT_S = 240


@pytest.fixture(scope="module")
def faculty(
    binary: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[PluginStandalone]:
    """An exchange of many courses, each with a release and one submission."""
    running = PluginStandalone(binary, tmp_path_factory.mktemp("faculty"))
    token = {"Authorization": f"token {running.admin.name}"}
    files = json.dumps([{"path": "p1.ipynb", "content": base64.b64encode(b"{}").decode()}])

    def make(number: int) -> None:
        with requests.Session() as asking:
            asking.headers.update(token)
            for path, form in (
                (f"course/c{number}", {"instructors": json.dumps([f"i{number}"])}),
                (f"assignment/c{number}/ps1", {"files": files}),
            ):
                reply = asking.post(f"{running.url}/{path}", data=form, timeout=LIMIT_S)
                assert reply.ok, reply.text

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(make, range(COURSES)))
    yield running
    assert running.stop() == 0


def test_the_lists_of_an_administrator_do_not_ask_every_course(
    faculty: PluginStandalone, binary: Path
) -> None:
    front = Front(faculty.url)
    try:
        admin = faculty.admin
        through(front.url, admin)
        counts = {}
        for name, arguments in {
            "released": (),
            "cached": ("--cached",),
            "inbound": ("--inbound",),
            "one": ("--course=c7",),
            "all": ("--course=*",),
        }.items():
            front.asked.clear()
            admin.nbgrader("list", *arguments)
            counts[f"nbgrader list, {name}"] = len(front.asked)
        front.asked.clear()
        admin.listed()
        counts["the lister of nbgrader's pages"] = len(front.asked)
        for name, command in {
            "course list": ("course", "list"),
            "submissions": ("submissions", "c7", "ps1"),
            "roster list": ("roster", "list", "c7"),
        }.items():
            front.asked.clear()
            done = subprocess.run(
                [str(binary), *command],
                env=admin.env | {"NBCOURIER_URL": front.url},
                capture_output=True,
                text=True,
                timeout=LIMIT_S,
            )
            assert done.returncode == 0, done.stderr
            counts[f"nbcourier {name}"] = len(front.asked)
        assert all(0 <= count <= 4 for count in counts.values()), counts
    finally:
        front.stop()


@both_wires
def test_a_class_that_fetches_and_hands_in_at_the_same_moment_loses_nothing(
    course: Course, front: Front, wire: str
) -> None:
    course.release()
    released = course.released()
    names = [f"{wire}-s{number}" for number in range(CLASS)]
    people = [{"username": name, "role": "student"} for name in names]
    course.instructor.put_json(f"v1/courses/{course.name}/roster", {"people": people})
    start = threading.Barrier(CLASS)

    def work(name: str) -> bytes:
        return f"the work of {name} ".encode() * 500

    def take_part(name: str) -> None:
        with requests.Session() as asking:
            asking.headers["Authorization"] = f"token {name}"
            # The server closes idle connections, and a busy machine may take longer than that between two requests.
            asking.headers["Connection"] = "close"
            start.wait(LIMIT_S)
            address = f"{course.url}/assignment/{course.name}/ps1"
            reply = asking.get(address, timeout=LIMIT_S)
            assert reply.ok, reply.text
            assert decoded(reply.json()["files"]) == released
            if wire == "ngshare":
                content = base64.b64encode(work(name)).decode()
                files = json.dumps([{"path": "p1.ipynb", "content": content}])
                reply = asking.post(
                    f"{course.url}/submission/{course.name}/ps1",
                    data={"files": files},
                    timeout=LIMIT_S,
                )
            else:
                reply = asking.post(
                    f"{course.url}/v1/courses/{course.name}/assignments/ps1/submissions",
                    data=archive_of({"p1.ipynb": work(name)}),
                    headers={"Content-Type": "application/x-tar", "Idempotency-Key": name},
                    timeout=LIMIT_S,
                )
            assert reply.ok, reply.text

    with ThreadPoolExecutor(CLASS) as pool:
        list(pool.map(take_part, names))

    entries = course.entries()
    assert sorted(each["student"] for each in entries) == sorted(names)
    course.instructor.nbgrader("collect", "ps1", course.option)
    submitted = course.instructor.home / "submitted"
    collected = {name: (submitted / name / "ps1" / "p1.ipynb").read_bytes() for name in names}
    assert collected == {name: work(name) for name in names}
