"""For every directory of tests that drives the real thing: the binary, and steps that run in order."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

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
