"""The fixtures of these tests: one nbcourier without a hub for each process, and a course for each test."""

import os
import sys
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

pytest.register_assert_rewrite("cast", "cycle", "course", "people", "trees")
pytest_plugins = ["steps"]

# nbgrader opens a gradebook with the program `alembic`, which it looks for on the PATH of an activated environment.
os.environ["PATH"] = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))

from course import NGSHARE, V1, Course, PluginPerson, PluginStandalone, through
from front import Front, without_v1

_numbers = count(1)


@pytest.fixture(scope="session")
def service(
    binary: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[PluginStandalone]:
    """The service that the tests of one process use."""
    running = PluginStandalone(binary, tmp_path_factory.mktemp("service"))
    yield running
    assert running.stop() == 0
    assert "panicked" not in running.log()


@pytest.fixture
def wire(request: pytest.FixtureRequest) -> str:
    """The protocol between the test's people and the service; see `both_wires`."""
    return getattr(request, "param", V1)


@pytest.fixture(scope="session")
def as_ngshare(service: PluginStandalone) -> Iterator[Front]:
    """The service without its own API."""
    running = Front(service.url, hides=without_v1)
    yield running
    running.stop()


@pytest.fixture
def course(service: PluginStandalone, wire: str, as_ngshare: Front) -> Course:
    """A new course with an instructor and two students of its own, and no releases."""
    made = Course(service, next(_numbers))
    if wire == NGSHARE:
        for person in made.people:
            through(as_ngshare.url, person)
    return made


@pytest.fixture
def front(service: PluginStandalone, wire: str) -> Iterator[Front]:
    """A proxy between people and the service that counts requests and can spoil replies."""
    hides = {"hides": without_v1} if wire == NGSHARE else {}
    running = Front(service.url, **hides)
    yield running
    running.stop()


@pytest.fixture
def ada(course: Course) -> PluginPerson:
    """A person who has a directory."""
    return course.first


@pytest.fixture
def bob(course: Course) -> PluginPerson:
    """Another person."""
    return course.second


@pytest.fixture
def fs(ada: PluginPerson) -> Any:
    """The directories of the exchange as a file system of Ada."""
    # The oldest nbgrader is tested without fsspec.
    from file_system import opened

    return opened(ada)


@pytest.fixture
def data(fs: Any, ada: PluginPerson) -> str:
    """A directory of Ada with a few files."""
    from file_system import WEATHER

    here = f"{ada.name}/data"
    fs.mkdir(here)
    fs.pipe({f"{here}/weather.csv": WEATHER, f"{here}/unit1/a/b.txt": b"b"})
    return here
