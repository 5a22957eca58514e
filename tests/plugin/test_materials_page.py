"""Runs the commands of the page about material from git, as the people it is for, with a repository over https."""

import json
import re
import shlex
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from course import PluginPerson, PluginStandalone, enrol
from repositories import GitServer
from standalone import ANSWER_LIMIT_S
from test_documents import ROOT

PAGE = ROOT / "docs" / "materials.md"
ADDRESS = "https://git.example.org"
POLL_S = 0.1
LOOK_LIMIT_S = 120


@pytest.fixture
def server(tmp_path: Path) -> Iterator[GitServer]:
    """A server without repositories."""
    running = GitServer(tmp_path / "repositories")
    yield running
    running.stop()


@pytest.fixture
def fresh(binary: Path, tmp_path: Path, server: GitServer) -> Iterator[PluginStandalone]:
    """An exchange without any courses, which may fetch from that server."""
    directory = tmp_path / "service"
    directory.mkdir()
    service = PluginStandalone(binary, directory, *server.options)
    yield service
    assert service.stop() == 0


def run(person: PluginPerson, binary: Path, command: str) -> str:
    """Runs a command of nbcourier, which must succeed, and returns its output."""
    program, *arguments = shlex.split(command)
    assert program == "nbcourier"
    outcome = person.attempt(str(binary), *arguments)
    assert outcome.code == 0, str(outcome)
    return outcome.stdout


def wait_for_looks(person: PluginPerson, binary: Path, count: int) -> list[dict]:
    """Returns the looks at the repository, once there are so many and all have ended."""
    limit = time.monotonic() + LOOK_LIMIT_S
    while True:
        looks = json.loads(run(person, binary, "nbcourier materials log algebra --json"))["runs"]
        if len(looks) >= count and all(look["outcome"] for look in looks):
            return looks
        assert time.monotonic() < limit, looks
        time.sleep(POLL_S)


def commands() -> list[str]:
    """Returns the commands of the page's blocks."""
    blocks = re.findall(r"^```sh\n(.*?)^```", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    return [line for block in blocks for line in block.splitlines()]


def test_a_course_follows_a_repository_as_the_page_says(
    fresh: PluginStandalone, server: GitServer, binary: Path
) -> None:
    ira, ada = fresh.person("ira"), fresh.person("ada")
    for person in (ira, ada):
        person.env["NBCOURIER_URL"] = fresh.url
    enrol("algebra", fresh.admin, ira, [ada])
    repository = server.repository("algebra.git")
    repository.push({"lectures/unit1/lesson.txt": "first", "notes.txt": "not for students"})
    follow, pull, log, deliver, receive = commands()
    at_server = follow.replace(ADDRESS, f"https://{server.host}")
    assert at_server != follow
    told = run(ira, binary, at_server)
    assert "/hooks/" in told, told
    wait_for_looks(ira, binary, 1)
    assert "lesson.txt" in run(ada, binary, "nbcourier dir ls algebra:materials/unit1")
    assert "notes.txt" not in run(ada, binary, "nbcourier dir ls algebra:materials")

    # What is pushed later arrives by the button or by the clock.
    repository.push({"lectures/unit1/lesson.txt": "second"})
    run(ira, binary, pull)
    wait_for_looks(ira, binary, 2)
    assert "updated" in run(ira, binary, log)
    assert run(ada, binary, "nbcourier dir cat algebra:materials/unit1/lesson.txt") == "second"

    # And into the homes of students.
    run(ira, binary, deliver)
    run(ada, binary, receive)
    (lesson,) = ada.home.rglob("lesson.txt")
    assert lesson.read_text() == "second"


def test_the_page_has_every_option(binary: Path) -> None:
    shown = subprocess.run(
        [binary, "materials", "set", "--help"],
        capture_output=True,
        text=True,
        check=True,
        timeout=ANSWER_LIMIT_S,
    ).stdout
    options = set(re.findall(r"^ +(--[a-z-]+)", shown, re.MULTILINE)) - {"--json"}
    page = PAGE.read_text("utf-8")
    assert len(options) > 5
    assert not [each for each in options if f"`{each}`" not in page and each not in COMMON]


# Options of every command that asks a server.
COMMON = {"--url", "--token-file"}
