"""The fixtures of these tests: the installed hubs. The binary and the steps in order are in steps.py, pages in pages.py."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.register_assert_rewrite("cast", "cycle", "hub", "people", "processes", "trees")

from hub import Hub  # noqa: E402 (pytest rewrites its assertions now)

pytest_plugins = ["steps", "pages"]

# JupyterHub 5 in addition to the newest version. `make test` runs these files with both: a course, the login, and deliveries.
OLDER_HUB = "hub5"
WITH_BOTH_HUBS = {
    "test_browser_login.py",
    "test_cycle_hub.py",
    "test_delivery.py",
    "test_nbgitpuller_troubles.py",
}


def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Leaves the other files with the older hub to `make test-all`."""
    if os.environ.get("NBCOURIER_TEST_ALL"):
        return

    def is_left_out(item: pytest.Item) -> bool:
        parameters = getattr(item, "callspec", None)
        has_older_hub = parameters and OLDER_HUB in parameters.params.values()
        return bool(has_older_hub) and item.path.name not in WITH_BOTH_HUBS

    left_out = [item for item in items if is_left_out(item)]
    items[:] = [item for item in items if item not in left_out]
    config.hook.pytest_deselected(items=left_out)


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


@pytest.fixture(scope="session", params=["hub6", OLDER_HUB])
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
