"""A course's material in the homes of its members, at the starts of servers of a real JupyterHub."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from delivered import (
    COURSE,
    LIMIT_S,
    POLL_S,
    STUDENT,
    TEACHER,
    Place,
    nbcourier,
    notebook,
    start_hub,
)
from hub import Hub
from people import Person


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
    running = start_hub(Place(request.param, binary, cache, proxy, directory), [])
    yield running
    running.stop()


@pytest.fixture(scope="module")
def ira(hub: Hub) -> Person:
    """The teacher of the course."""
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
