"""If anything answers in place of an exchange, nbgrader gets the one exception that its pages catch."""

import json
import logging
import sys
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from course import PYTHON_SOURCE
from front import MARK, ForwardedRequest, Front, Rule, Spoil, answer
from nbgrader.auth import Authenticator
from nbgrader.coursedir import CourseDirectory
from nbgrader.exchange import ExchangeFactory
from nbgrader.exchange.abc import ExchangeError
from traitlets.config import Config
from trees import write_tree

sys.path.insert(0, str(PYTHON_SOURCE))

import nbcourier  # noqa: E402 (needs the path set above)

JSON = {"Content_Type": "application/json"}
TAR = {"Content_Type": "application/x-tar"}
TIME = "2026-01-01 00:00:00.000000"
# Answers that begin correctly and then have another form, in either protocol.
HALF_RIGHT: dict[str, Any] = {
    "success": True,
    "courses": [{"course": "c", "role": "instructor"}],
    "people": [{}],
    "students": [None],
    "assignments": [{"assignment": "ps1", "tree": "x", "files": 1}],
    "trees": {"x": [{"path": 1}]},
    "submissions": [{"assignment": "ps1", "student": "ada", "submitted_at": 7}],
    "files": [{"path": "p1.ipynb", "content": "!", "checksum": []}],
    "timestamp": None,
    "receipt": [],
    "next": None,
}
NO_ROLE = HALF_RIGHT | {"courses": [1], "assignments": ["ps1"], "submissions": [7]}


REDIRECT = answer(302, b"", Location="/elsewhere")


def always(status: int, body: bytes, **headers: str) -> Rule:
    spoil = answer(status, body, **headers)
    return lambda asked: spoil


ANSWERS: dict[str, Rule] = {
    "nothing": always(200, b""),
    "no content": always(204, b""),
    "a page": always(200, b"<html>Log in</html>", Content_Type="text/html"),
    "bytes": always(200, bytes(range(256)) * 9, **JSON),
    "an empty object": always(200, b"{}", **JSON),
    "a list": always(200, b"[1]", **JSON),
    "null": always(200, b"null", **JSON),
    "half an exchange": always(200, json.dumps(HALF_RIGHT).encode(), **JSON),
    "another half": always(200, json.dumps(NO_ROLE).encode(), **JSON),
    "a depth without end": always(200, b"[" * 200_000, **JSON),
    "no archive": always(200, b"x" * 2048, **TAR),
    "no gzip": always(200, b"x", Content_Encoding="gzip", **JSON),
    "a failure": always(500, b"oops"),
    "a failure in JSON": always(500, b'{"message": 7}', **JSON),
    "a problem of another form": always(
        409,
        b'{"type": "urn:nbcourier:missing-blobs", "missing": 7}',
        Content_Type="application/problem+json",
    ),
    "a proxy that gave up": always(502, b"Bad Gateway"),
    "too busy": always(503, b"{}", Retry_After="soon", **JSON),
    "no such code": always(799, b""),
    "a redirect in a circle": lambda asked: REDIRECT,
    "a page after a redirect": lambda asked: (
        answer(200, b"<html>Log in</html>")
        if asked.path.startswith("/elsewhere")
        else REDIRECT
    ),
}
# The requests: nbgrader's slot, and settings of its class.
ASKED: list[tuple[str, dict[str, Any]]] = [
    ("ReleaseAssignment", {}),
    ("ReleaseAssignment", {"force": True}),
    ("FetchAssignment", {}),
    ("Submit", {}),
    ("Submit", {"strict": True}),
    ("Collect", {}),
    ("Collect", {"update": True, "before_duedate": True}),
    ("ReleaseFeedback", {}),
    ("FetchFeedback", {}),
    ("List", {}),
    ("List", {"inbound": True}),
    ("List", {"cached": True}),
    ("List", {"remove": True}),
    ("List", {"inbound": True, "remove": True}),
]


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Config:
    """The configuration of a person whose course directory has something for every command."""
    config = Config()
    nbcourier.configure(config)
    config.NbCourier.attempts = 1
    config.NbCourierExchange.cache = str(tmp_path / "cache")
    config.CourseDirectory.root = str(tmp_path)
    config.CourseDirectory.course_id = "c"
    config.CourseDirectory.assignment_id = "ps1"
    notebook = {"p1.ipynb": b"{}"}
    write_tree(tmp_path / "release" / "ps1", notebook)
    write_tree(tmp_path / "work" / "ps1", notebook)
    pages = {"p1.html": b"x", "timestamp.txt": TIME.encode()}
    write_tree(tmp_path / "feedback" / "ada" / "ps1", pages)
    write_tree(tmp_path / "cache" / "c" / f"ada+ps1+{TIME}", notebook)
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", "ada")
    monkeypatch.setenv("JUPYTERHUB_USER", "ada")
    monkeypatch.delenv("NBCOURIER_URL", raising=False)
    return config


@pytest.fixture
def front() -> Iterator[Front]:
    """A proxy in the place of an exchange, with nothing behind it."""
    running = Front("http://127.0.0.1:1")
    yield running
    running.stop()


def outcome(config: Config, slot: str, settings: dict[str, Any]) -> str:
    """Returns the error's text; no other error than `ExchangeError` is allowed."""
    root = config.CourseDirectory.root
    # Fetching needs a new directory, submitting an existing one.
    here = "work" if slot == "Submit" else "new"
    config.Exchange.assignment_dir = str(Path(root, here))
    coursedir = CourseDirectory(config=config)
    made = getattr(ExchangeFactory(config=config), slot)(
        coursedir=coursedir, authenticator=Authenticator(config=config), config=config
    )
    made.log.setLevel(logging.CRITICAL + 1)
    for name, value in settings.items():
        setattr(made, name, value)
    try:
        made.start()
    except ExchangeError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("is_marked", [True, False], ids=["marked", "unmarked"])
@pytest.mark.parametrize("name", ANSWERS)
def test_nothing_but_an_exchange_error_comes_out(
    config: Config, front: Front, name: str, tmp_path: Path, is_marked: bool
) -> None:
    front.rule = _marked(ANSWERS[name]) if is_marked else ANSWERS[name]
    config.NbCourier.url = front.url
    for slot, settings in ASKED:
        said = outcome(config, slot, settings)
        assert said, f"{slot} {settings} took it for an exchange"
        assert "This is a bug" not in said, f"{slot} {settings}: {said}"
    for place in ("new", "submitted"):
        found = [path for path in (tmp_path / place).rglob("*") if path.is_file()]
        assert not found
    roster = Authenticator(config=config)
    for ask in (
        lambda: roster.get_student_courses("*"),
        lambda: roster.add_student_to_course("ada", "c"),
        lambda: roster.remove_student_from_course("ada", "c"),
    ):
        with suppress(ExchangeError):
            ask()


def _marked(rule: Rule) -> Rule:
    """Adds the header of an exchange to the answers."""

    def marked(asked: ForwardedRequest) -> Spoil:
        spoil = rule(asked)

        def add(reply: Any, handler: BaseHTTPRequestHandler) -> None:
            # Python sends the headers at the end, so one more can follow the status line.
            start = handler.send_response

            def send_response(status: int) -> None:
                start(status)
                for name, value in MARK.items():
                    handler.send_header(name.replace("_", "-"), value)

            handler.send_response = send_response
            spoil(reply, handler)

        add.asks = False
        return add

    return marked


def test_a_server_that_breaks_off_at_any_place_is_not_an_exchange(
    config: Config, front: Front
) -> None:
    whole = json.dumps(HALF_RIGHT).encode()
    config.NbCourier.url = front.url
    for place, (slot, settings) in product((0, 1, len(whole) - 1), ASKED):
        front.rule = lambda asked, place=place: broken(whole, place)
        assert "This is a bug" not in outcome(config, slot, settings)


def broken(body: bytes, place: int) -> Spoil:
    """Sends an answer that is shorter than promised."""

    def spoil(_: object, handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        for name, value in (JSON | MARK).items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body[:place])

    spoil.asks = False
    return spoil


@pytest.mark.parametrize("scheme", ["https", "http"])
def test_an_address_where_nobody_speaks_so_is_a_failure_in_words(
    config: Config, front: Front, scheme: str
) -> None:
    front.rule = lambda asked: answer(200, b"{}")
    config.NbCourier.url = front.url.replace("http", scheme)
    if scheme == "http":
        config.NbCourier.url = "http://nowhere.invalid"
    for slot, settings in ASKED:
        said = outcome(config, slot, settings)
        assert config.NbCourier.url in said, f"{slot} {settings}: {said}"
        assert "This is a bug" not in said
