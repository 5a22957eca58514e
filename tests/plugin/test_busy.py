"""An exchange that is busy: the plugin retries where that helps, and the waiting person gets the reason."""

import json
import sys
import time
from http.server import BaseHTTPRequestHandler
from io import StringIO
from pathlib import Path
from threading import Event
from types import SimpleNamespace

import pytest
from course import RELEASED, Course, through
from front import ForwardedRequest, Front, Spoil, from_exchange
from in_process import Desk
from trees import write_tree

# Longer than any test takes that does not wait for this timeout.
SILENCE_LIMIT_S = 300
REASON = "Too many requests: 300 a second are allowed (--max-request-rate)"
PROBLEM = json.dumps({"status": 0, "detail": REASON}).encode()


def busy(status: int, **headers: str) -> Spoil:
    return from_exchange(status, PROBLEM, Content_Type="application/problem+json", **headers)


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses that the plugin would have made, in seconds."""
    seen: list[float] = []
    monkeypatch.setattr(time, "sleep", seen.append)
    return seen


@pytest.fixture
def student(course: Course, front: Front, tmp_path: Path) -> Desk:
    """A student with work to submit."""
    course.release()
    write_tree(tmp_path / "ps1", RELEASED)
    desk = Desk(front.url, course.first.name, tmp_path)
    desk.config.NbCourier.attempts = 3
    return desk


@pytest.mark.parametrize("status", [429, 503])
def test_a_client_waits_as_requested_and_submits_once(
    course: Course, front: Front, student: Desk, pauses: list[float], status: int
) -> None:
    first: set[str] = set()

    def once_each(asked: ForwardedRequest) -> Spoil | None:
        if asked.method in first:
            return None
        first.add(asked.method)
        return busy(status, Retry_After="4")

    front.rule = once_each
    student.run("Submit", course.name, "ps1")
    assert pauses == [4, 4]
    assert len(course.submissions(course.first)) == 1


@pytest.mark.parametrize(
    ("status", "advice", "waits"),
    [
        (429, "The exchange is asked too much at once; wait a minute", 2),
        (503, "The exchange is in trouble; try again in a few minutes", 2),
        (507, "The exchange has no room left; tell the administrators of your JupyterHub", 0),
        (413, "This is more than the exchange accepts; make it smaller", 0),
        (409, "The exchange says: ", 0),
    ],
)
def test_a_blocked_request_is_reported_with_the_reason_and_advice(
    course: Course,
    front: Front,
    student: Desk,
    pauses: list[float],
    status: int,
    advice: str,
    waits: int,
) -> None:
    refusal = busy(status, Retry_After="3600")
    front.rule = lambda asked: refusal if asked.method == "POST" else None
    said = student.fail("Submit", course.name, "ps1")
    assert said.startswith(advice)
    assert REASON in said
    # The pause has a maximum, because nobody waits at a terminal for an hour.
    assert pauses == [10] * waits
    assert not (student.home / ".cache").exists()
    assert course.submissions(course.first) == []


def test_at_the_terminal_it_is_a_failure(course: Course, front: Front) -> None:
    course.release()
    through(front.url, course.first)
    write_tree(course.first.home / "ps1", RELEASED)
    front.rule = lambda asked: busy(507)
    said = course.first.refused("submit", "ps1", course.option)
    assert f"tell the administrators of your JupyterHub ({REASON})" in said


def test_a_silent_server_is_not_waited_for(
    course: Course, front: Front, student: Desk, pauses: list[float]
) -> None:
    over = Event()

    def silence(_: object, handler: BaseHTTPRequestHandler) -> None:
        over.wait(SILENCE_LIMIT_S)

    silence.asks = False
    front.rule = lambda asked: silence
    student.config.NbCourier.timeout = 0.1
    try:
        said = student.fail("Submit", course.name, "ps1")
    finally:
        over.set()
    assert said == f"The exchange at {front.url} stopped answering"
    assert len(pauses) == 2


class Terminal(StringIO):
    """A terminal, or a file."""

    def __init__(self, is_one: bool) -> None:
        super().__init__()
        self._is_one = is_one

    def isatty(self) -> bool:
        return self._is_one


class Bar:
    """The parts of tqdm that the plugin uses; an image may be without tqdm."""

    shown: list[str] = []

    def __init__(self, *, desc: str, delay: float, leave: bool, **_: object) -> None:
        assert (delay, leave) == (1, False)
        self.shown.append(desc)

    def __enter__(self) -> "Bar":
        return self

    def __exit__(self, *_: object) -> None:
        """Does nothing."""

    def update(self, amount: int) -> None:
        """Checks the amount."""
        assert amount >= 0


@pytest.mark.parametrize("is_terminal", [True, False])
def test_only_who_sits_at_a_terminal_sees_how_far_it_is(
    course: Course,
    student: Desk,
    monkeypatch: pytest.MonkeyPatch,
    is_terminal: bool,
) -> None:
    monkeypatch.setattr(Bar, "shown", [])
    monkeypatch.setattr(sys, "stderr", Terminal(is_terminal))
    monkeypatch.setitem(sys.modules, "tqdm", SimpleNamespace(tqdm=Bar))
    student.run("Submit", course.name, "ps1")
    assert ("Sending" in Bar.shown) == is_terminal
    monkeypatch.setattr(Bar, "shown", [])
    monkeypatch.setitem(sys.modules, "tqdm", None)
    student.run("Submit", course.name, "ps1")
    assert Bar.shown == []
