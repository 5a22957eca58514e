"""What all of these tests stand on: one nbcourier without a hub for each process, and a course for each test."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

pytest.register_assert_rewrite("cast", "cycle", "course", "people", "trees")
pytest_plugins = ["steps"]

from course import Course, PluginStandalone  # noqa: E402 (only now are its assertions explained)
from front import Front  # noqa: E402

_numbers = count(1)


@pytest.fixture(scope="session")
def service(
    binary: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[PluginStandalone]:
    """The service that the tests of one process talk to."""
    running = PluginStandalone(binary, tmp_path_factory.mktemp("service"))
    yield running
    assert running.stop() == 0
    assert "panicked" not in running.log()


@pytest.fixture
def course(service: PluginStandalone) -> Course:
    """A new course with an instructor and two students of its own, and nothing released in it."""
    return Course(service, next(_numbers))


@pytest.fixture
def front(service: PluginStandalone) -> Iterator[Front]:
    """Something between people and the service that can be told to spoil what passes."""
    running = Front(service.url)
    yield running
    running.stop()
