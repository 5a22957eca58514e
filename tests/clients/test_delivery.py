"""A course's material in the homes of its members, at the starts of servers of a real JupyterHub."""

import json
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hub import ADMIN, Hub
from people import COMMAND_LIMIT_S, Person
from plugin_person import lab_servers

# A server that starts, and its program in the background, on a machine that is busy with other tests.
LIMIT_S = 120
POLL_S = 0.1

COURSE = "algebra"
TEACHER = "ira"
STUDENT = "ada"


def notebook(source: str, runs: int = 0) -> str:
    """Returns a notebook with one cell, which was run so many times."""
    output = {"output_type": "stream", "name": "stdout", "text": [str(runs)]}
    cell = {
        "cell_type": "code",
        "source": source,
        "metadata": {},
        "execution_count": runs,
        "outputs": [output] if runs else [],
    }
    return json.dumps(
        {"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": [cell]}
    )


def nbcourier(person: Person, binary: Path, *arguments: str) -> str:
    """Runs the program in the person's home, as a terminal of their server does."""
    done = subprocess.run(
        [str(binary), *arguments],
        cwd=person.home,
        env=person.env | {"NBCOURIER_URL": person.url},
        capture_output=True,
        text=True,
        timeout=COMMAND_LIMIT_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module", params=["hub6", "hub5"])
def hub(
    request: pytest.FixtureRequest,
    binary: Path,
    cache: Path,
    proxy: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Hub]:
    """A hub whose notebook servers have the extension and the program."""
    directory = tmp_path_factory.mktemp(request.param)
    programs = directory / "bin"
    programs.mkdir()
    (programs / "nbcourier").symlink_to(binary)
    paths = (cache / request.param / "bin", programs, os.environ["PATH"])
    servers = lab_servers(cache, directory) | {"PATH": os.pathsep.join(map(str, paths))}
    running = Hub(cache / request.param, proxy, binary, directory, servers)
    yield running
    running.stop()


@pytest.fixture(scope="module")
def ira(hub: Hub) -> Person:
    """The teacher of the course."""
    hub.add_user(ADMIN)
    hub.add_user(TEACHER, f"formgrade-{COURSE}")
    hub.add_user(STUDENT, f"nbgrader-{COURSE}")
    hub.person(ADMIN).manage("create_course", COURSE)
    return hub.person(TEACHER)


def until(folder: Path, pattern: str) -> Path:
    """Waits for a file that a start brings."""
    limit = time.monotonic() + LIMIT_S
    while not (found := list(folder.glob(pattern))):
        log = folder.parent / ".nbcourier" / "log"
        said = log.read_text() if log.is_file() else "nothing"
        assert time.monotonic() < limit, f"no {pattern}; the log says {said}"
        time.sleep(POLL_S)
    return found[0]


def test_a_student_has_the_material_and_then_the_correction_and_her_own_answers(
    hub: Hub, ira: Person, binary: Path
) -> None:
    files = {"run": notebook("a = 1"), "answer": notebook("b = 1")}
    sources = ira.home / "notebooks"
    sources.mkdir()
    for name, text in files.items():
        (sources / f"{name}.ipynb").write_text(text)
    create = ("dir", "create", f"{COURSE}:materials", "--deliver", COURSE, "--at-start")
    nbcourier(ira, binary, *create)
    nbcourier(ira, binary, "dir", "put", "-r", "notebooks", f"{COURSE}:materials")
    folder = hub.directory / "servers" / STUDENT / COURSE
    ada = hub.person_with_server(STUDENT)
    until(folder, "run.ipynb")
    until(folder, "answer.ipynb")
    assert {path.stem: path.read_text() for path in folder.glob("*.ipynb")} == files
    hub.stop_server(STUDENT)
    # She runs one and answers in the other. The teacher corrects both.
    (folder / "run.ipynb").write_text(notebook("a = 1", runs=3))
    answer = notebook("b = 'Ada'", runs=2)
    (folder / "answer.ipynb").write_text(answer)
    for name, source in (("run", "a = 2"), ("answer", "b = 2")):
        (sources / f"{name}.ipynb").write_text(notebook(source))
        target = f"{COURSE}:materials/{name}.ipynb"
        nbcourier(ira, binary, "dir", "put", f"notebooks/{name}.ipynb", target)
    hub.start_server(STUDENT)
    beside = until(folder, "answer.new-*.ipynb")
    assert beside.read_text() == notebook("b = 2")
    until(folder, ".nbcourier/kept/*/run.ipynb")
    assert (folder / "run.ipynb").read_text() == notebook("a = 2")
    assert (folder / "answer.ipynb").read_text() == answer
    # The original comes back when she wants it, and hers is beside it.
    ada.home = folder
    nbcourier(ada, binary, "revert", "answer.ipynb")
    assert (folder / "answer.ipynb").read_text() == notebook("b = 2")
    (mine,) = folder.glob("answer.mine-*.ipynb")
    assert mine.read_text() == answer
