"""Fixtures for all tests of the real program: the binary, and steps that run in order."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

# The first failed test, by its class and its parameters.
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
    """Returns a key for one run through an ordered class; None for a test that is independent of others."""
    if not getattr(getattr(item, "cls", None), "in_order", False):
        return None
    parameters = getattr(item, "callspec", None)
    return item.cls, parameters.id if parameters else ""


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_call(item: pytest.Item) -> None:
    """Fails a step whose predecessor failed, which would otherwise fail later and less clearly."""
    earlier = _failed_step.get(_story(item))
    if earlier:
        pytest.fail(f"not reached: {earlier} failed", pytrace=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Remembers the first failed step."""
    report = yield
    story = _story(item)
    if story and report.failed:
        _failed_step.setdefault(story, item.name)
    return report
