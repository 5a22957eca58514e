"""What all of these tests stand on: the binary, the installed clients, and steps that run in order."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.register_assert_rewrite("cast", "cycle", "hub", "people", "processes", "trees")

from hub import Hub  # noqa: E402 (only now are its assertions explained)

# The test that failed first, by the class and the parameters it ran under.
_failed_step: dict[tuple, str] = {}


@pytest.fixture(scope="session")
def binary() -> Path:
    """The nbcourier under test."""
    path = Path(os.environ.get("NBCOURIER_BIN", "target/debug/nbcourier")).resolve()
    assert os.access(path, os.X_OK), (
        f"no program at {path}: run 'cargo build' or set NBCOURIER_BIN"
    )
    return path


@pytest.fixture(scope="session")
def cache() -> Path:
    """Where scripts/setup-clients.sh put the hubs and the proxy."""
    default = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    path = Path(os.environ.get("NBCOURIER_CACHE") or default / "nbcourier")
    assert (path / "hub6").is_dir(), (
        f"nothing in {path}: run scripts/setup-clients.sh, or the tests by scripts/test-clients.sh"
    )
    return path


@pytest.fixture(scope="session", params=["hub6", "hub5"])
def hub(
    request: pytest.FixtureRequest,
    binary: Path,
    cache: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Hub]:
    """One hub of each version after the other, shared by all tests that need one."""
    directory = tmp_path_factory.mktemp(request.param)
    proxy = cache / "proxy" / "node_modules" / ".bin" / "configurable-http-proxy"
    running = Hub(cache / request.param, proxy, binary, directory)
    yield running
    running.stop()
    assert not running.service_answers(), "the hub ended and left nbcourier behind"


def _story(item: pytest.Item) -> tuple | None:
    """What tells one run through an ordered class from another; None for a test that stands alone."""
    if not getattr(getattr(item, "cls", None), "in_order", False):
        return None
    parameters = getattr(item, "callspec", None)
    return item.cls, parameters.id if parameters else ""


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_call(item: pytest.Item) -> None:
    """A step whose predecessor failed would only fail more obscurely, and slower."""
    earlier = _failed_step.get(_story(item))
    if earlier:
        pytest.fail(f"not reached: {earlier} failed", pytrace=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Remembers the first step that failed."""
    report = yield
    story = _story(item)
    if story and report.failed:
        _failed_step.setdefault(story, item.name)
    return report
