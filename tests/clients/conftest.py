"""The fixtures of these tests: the installed hubs. The binary and the steps in order are in steps.py."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.register_assert_rewrite("cast", "cycle", "hub", "people", "processes", "trees")

from hub import Hub  # noqa: E402 (pytest rewrites its assertions now)

pytest_plugins = ["steps"]


@pytest.fixture(scope="session")
def cache() -> Path:
    """The directory where scripts/setup-clients.sh put the hubs and the proxy."""
    default = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    path = Path(os.environ.get("NBCOURIER_CACHE") or default / "nbcourier")
    assert (path / "hub6").is_dir(), (
        f"nothing in {path}: run scripts/setup-clients.sh, or the tests by scripts/test-clients.sh"
    )
    return path


@pytest.fixture(scope="session")
def proxy(cache: Path) -> Path:
    """The program for the proxy of a hub."""
    return cache / "proxy" / "node_modules" / ".bin" / "configurable-http-proxy"


@pytest.fixture(scope="session")
def screenshots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory for pictures of the pages."""
    chosen = os.environ.get("NBCOURIER_SCREENSHOTS")
    return Path(chosen) if chosen else tmp_path_factory.mktemp("screenshots")


@pytest.fixture(scope="session", params=["hub6", "hub5"])
def hub(
    request: pytest.FixtureRequest,
    binary: Path,
    cache: Path,
    proxy: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Hub]:
    """A hub of each version in turn, shared by all tests that need one."""
    directory = tmp_path_factory.mktemp(request.param)
    running = Hub(cache / request.param, proxy, binary, directory)
    yield running
    running.stop()
    assert not running.service_answers(), "the hub ended and left nbcourier behind"
