"""Every command of the plugin and the program against servers that are not an exchange and answer in many ways."""

import gzip
import json
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from archives import archive_of
from front import ForwardedRequest, Front, Rule, Spoil, answer, from_exchange
from in_process import Desk
from nbcourier.errors import CourierError
from nbcourier.roster import Roster
from nbcourier.transport import Student
from nbgrader.exchange.abc import ExchangeError
from people import PROGRAMS
from processes import clean_environment

COURSE, ASSIGNMENT = "c", "ps1"
COMMAND_LIMIT_S = 300
LOGIN = b"<!DOCTYPE HTML><html><title>JupyterHub</title><form action='/hub/login?next='></form></html>"
NGINX = b"<html><head><title>%s</title></head><center><h1>%s</h1></center><hr><center>nginx</center></html>"
HTML = {"Content_Type": "text/html; charset=utf-8"}
JSON = {"Content_Type": "application/json"}
# The content does not have the encoding of its header.
GARBAGE = {"Content_Encoding": "gzip"} | JSON


def of_hub(status: int, message: str) -> Spoil:
    """Sends a refusal in the form of a hub's API."""
    return answer(status, json.dumps({"status": status, "message": message}).encode(), **JSON)


def of_nginx(status: int, reason: str) -> Spoil:
    """Sends a refusal in the form of a proxy."""
    return answer(status, NGINX % (reason.encode(), reason.encode()), **HTML)


STRANGERS: dict[str, Spoil] = {
    "the hub's login page": answer(200, LOGIN, **HTML),
    "a redirect to the hub's login": answer(302, b"", Location="/hub/login?next=%2F"),
    "a redirect to a portal": answer(307, b"", Location="https://portal.example.org/?u=1"),
    "a redirect to nowhere": answer(303, b""),
    "a captive portal": answer(511, b"<html>Sign in to the network</html>", **HTML),
    "a page of the hub": answer(404, LOGIN, **HTML),
    "a forgery check of the hub": answer(403, LOGIN, **HTML),
    "a page that refuses the method": answer(405, LOGIN, **HTML),
    "a page about a conflict": answer(409, LOGIN, **HTML),
    "a page that is gone": answer(410, LOGIN, **HTML),
    "the hub's API, which does not know the token": of_hub(403, "Forbidden"),
    "the hub's API, which wants a token": of_hub(401, "Missing or invalid credentials"),
    "the hub's API, which has nothing there": of_hub(404, "Not Found"),
    "the hub's API, about a conflict": of_hub(409, "User ada already exists"),
    "the hub's API, about itself": answer(200, b'{"version": "5.5.0"}', **JSON),
    "a message, and nothing else": answer(200, b'{"message": "ok"}', **JSON),
    "an empty page": answer(200, b""),
    "nothing at all": answer(204, b""),
    "half of an answer": answer(200, b'{"success": true, "courses": ["al', **JSON),
    "a list": answer(200, b'["algebra"]', **JSON),
    "null": answer(200, b"null", **JSON),
    "a number": answer(200, b"1", **JSON),
    "what is not packed as it says": answer(200, b"\x1f\x8b garbage", **GARBAGE),
    "what breaks off while it is unpacked": answer(
        200, gzip.compress(b'{"success": true}' * 99)[:-20], **GARBAGE
    ),
    "a refusal that is not packed as it says": answer(404, b"garbage", **GARBAGE),
    "a problem without a status": answer(
        403, b'{"title": "No"}', Content_Type="application/problem+json"
    ),
    "the proxy of the hub, without the service": answer(503, b"<html>503</html>", **HTML),
    "nginx without anybody behind": of_nginx(502, "502 Bad Gateway"),
    "nginx that waited": of_nginx(504, "504 Gateway Time-out"),
    "nginx that broke": of_nginx(500, "500 Internal Server Error"),
    "a limit before the exchange": of_nginx(429, "429 Too Many Requests"),
    "a size before the exchange": of_nginx(413, "413 Request Entity Too Large"),
}
SENTENCES = {
    400: "Please supply files",
    401: "Login required",
    403: "Permission denied",
    404: "Course not found",
    409: "Assignment already exists",
    413: "The request is larger than the limit",
    429: "Too many requests",
    503: "The hub cannot be reached",
    507: "The exchange is short of disk space",
}


def in_ngshares_form(status: int, message: str) -> Spoil:
    """Sends a refusal in the form of ngshare's protocol."""
    return answer(status, json.dumps({"success": False, "message": message}).encode(), **JSON)


def as_problem(status: int, detail: str, **headers: str) -> Spoil:
    """Sends a refusal in the form of the exchange's own API, as other services do that follow RFC 9457."""
    body = json.dumps({"type": "about:blank", "title": "No", "status": status, "detail": detail})
    return answer(status, body.encode(), Content_Type="application/problem+json", **headers)


def archive() -> bytes:
    """Returns an archive in the form of the exchange's."""
    return archive_of({"manifest.json": b'{"submissions": [], "feedback": [], "next": null}'})


# Other servers that speak in the exchange's form, with its sentences.
LOOKALIKES: dict[str, Spoil] = {
    **{
        f"its sentence, {status}": in_ngshares_form(status, sentence)
        for status, sentence in SENTENCES.items()
    },
    **{
        f"its problem, {status}": as_problem(status, sentence)
        for status, sentence in SENTENCES.items()
    },
    "a route that is missing": in_ngshares_form(404, "route missing"),
    "a route that is missing, as a problem": as_problem(404, "route missing"),
    "the sentence for a wrong address": in_ngshares_form(404, "Not found"),
    "a problem with that sentence": as_problem(404, "Not found"),
    "a problem with a caller": as_problem(403, "No", X_NbCourier_Caller="ada"),
    "a failure with status 200": in_ngshares_form(200, "No"),
    "a list without courses": answer(200, b'{"courses": []}', **JSON),
    "a success without courses": answer(200, b'{"success": true, "courses": []}', **JSON),
    "a course": answer(
        200, b'{"courses": [{"course": "c", "role": "instructor"}], "next": null}', **JSON
    ),
    "every list, all empty": answer(
        200,
        b'{"success": true, "courses": [], "assignments": [], "submissions": [], "people": [], "students": [],'
        b' "files": [], "trees": {}, "events": [], "status": [], "next": null}',
        **JSON,
    ),
    "a success": answer(200, b'{"success": true}', **JSON),
    "a success with a timestamp": answer(
        200, b'{"success": true, "timestamp": "2026-01-01 00:00:00.000000"}', **JSON
    ),
    "an archive": answer(200, archive(), Content_Type="application/x-tar", X_Tree_Digest="0" * 64),
    "nothing, with the headers of a gateway": answer(
        204, b"", X_Request_Id="1", X_Content_Type_Options="nosniff"
    ),
    "a list, with the headers of a gateway": answer(
        200, b'{"courses": []}', X_Request_Id="1", X_Content_Type_Options="nosniff", **JSON
    ),
}


def healthy(others: Spoil) -> Rule:
    """Answers health checks as an ngshare does, and everything else in another way."""
    health = answer(200, b'{"success": true}', **JSON)
    return lambda asked: health if asked.path.startswith("/healthz") else others


def always(spoil: Spoil) -> Rule:
    return lambda asked: spoil


RULES: dict[str, Rule] = {
    **{name: always(spoil) for name, spoil in (STRANGERS | LOOKALIKES).items()},
    "a healthy service": healthy(in_ngshares_form(404, "route missing")),
    "a healthy service with problems": healthy(as_problem(404, "Course not found")),
    "a healthy service with pages": healthy(of_nginx(404, "404 Not Found")),
    "a healthy service with lists": healthy(LOOKALIKES["every list, all empty"]),
}
SLOTS: list[tuple[str, dict]] = [
    ("List", {}),
    ("List", {"inbound": True}),
    ("List", {"remove": True}),
    ("FetchAssignment", {}),
    ("FetchFeedback", {}),
    ("Collect", {}),
    ("Submit", {}),
    ("ReleaseAssignment", {}),
    ("ReleaseAssignment", {"force": True}),
    ("ReleaseFeedback", {}),
]
PEOPLE: dict[str, Callable[[Roster], Any]] = {
    "courses": lambda roster: roster.get_student_courses("*"),
    "courses of another": lambda roster: roster.get_student_courses("bob"),
    "add": lambda roster: roster.add_student_to_course("bob", COURSE),
    "remove": lambda roster: roster.remove_student_from_course("bob", COURSE),
    "class": lambda roster: roster.transport.enrol_all(COURSE, [Student("bob")]),
    "students": lambda roster: roster.transport.students(COURSE),
}
COMMANDS = """\
course list
course show c
course create c ira
course delete c
roster list c
roster add c ada
roster add c service:x --role instructor
roster import c class.csv
roster export c out.csv
roster remove c ada
submissions c ps1
submissions c ps1 --missing
dates c ps1
dates c ps1 --due 2030-01-01T00:00:00Z
extension list c ps1
extension set c ps1 ada --due 2030-01-01T00:00:00Z
extension remove c ps1 ada
feedback remove c ps1 ada
trash list
trash list c
trash restore-course 1
trash restore c assignment 1
receipt verify receipt.json
ngshare-course-management create_course c ira
ngshare-course-management add_instructor c kim
ngshare-course-management remove_instructor c kim
ngshare-course-management add_student --no-gb c ada
ngshare-course-management add_students --no-gb c class.csv
ngshare-course-management remove_students --no-gb c ada
""".splitlines()
# Sentences that only an exchange sends.
ITS_WORDS = ("The exchange says", "exchange knows you", "The exchange does not know you", "not in the course")
IS_DONE = ("Released:", "Submitted", "Added:", "Removed: 1", "is made", "is deleted", "panicked", "Created", "Fetched", "Collecting", "Successfully")


@pytest.fixture
def stranger() -> Iterator[Front]:
    """Another server at the address of the exchange."""
    running = Front("http://127.0.0.1:1")
    yield running
    running.stop()


def is_about_a_stranger(said: str, url: str) -> bool:
    """Whether the output says that the server at this address, or one before it, is not an exchange, and reports nothing as
    done."""
    is_named = any(
        f"{start} {url}" in said
        for start in ("The server at", "A server in front of the exchange at")
    )
    return is_named and not [word for word in (*ITS_WORDS, *IS_DONE) if word in said]


def write_course(home: Path) -> None:
    """Writes the files that the commands read before their requests."""
    feedback = home / "feedback" / "ada" / ASSIGNMENT
    for directory in (home / ASSIGNMENT, home / "release" / ASSIGNMENT, feedback):
        directory.mkdir(parents=True)
    notebook = '{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}'
    for path in (home / ASSIGNMENT, home / "release" / ASSIGNMENT):
        (path / "p1.ipynb").write_text(notebook)
    (feedback / "p1.html").write_text("<p>Good</p>")
    (feedback / "timestamp.txt").write_text("2026-01-01 00:00:00.000000 UTC")


@pytest.mark.parametrize("name", RULES)
def test_no_command_of_nbgrader_takes_a_stranger_for_the_exchange(
    stranger: Front, tmp_path: Path, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    write_course(tmp_path)
    stranger.rule = RULES[name]
    desk = Desk(stranger.url, "ada", tmp_path)
    for slot, settings in SLOTS:
        # The directory that a command fetches into must not exist.
        assignment = "ps2" if slot == "FetchAssignment" else ASSIGNMENT
        stranger.asked.clear()
        said = desk.fail(slot, COURSE, assignment, **settings)
        assert stranger.asked, slot
        assert is_about_a_stranger(said, stranger.url), (slot, said)
    assert "is an ngshare" not in caplog.text


@pytest.mark.parametrize("name", RULES)
def test_no_question_about_people_takes_a_stranger_for_the_exchange(
    stranger: Front, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", "ada")
    monkeypatch.setenv("JUPYTERHUB_USER", "ada")
    stranger.rule = RULES[name]
    config = Desk(stranger.url, "ada", tmp_path).config
    for ask in PEOPLE.values():
        with pytest.raises((CourierError, ExchangeError)) as failed:
            ask(Roster(config=config))
        said = str(failed.value)
        assert is_about_a_stranger(said, stranger.url), said


@pytest.mark.parametrize("name", RULES)
def test_no_command_of_the_program_takes_a_stranger_for_the_exchange(
    binary: Path, stranger: Front, tmp_path: Path, name: str
) -> None:
    stranger.rule = RULES[name]
    # The program tries again at once, instead of after seconds.
    stranger.headers = {"Retry-After": "0"}
    (tmp_path / "class.csv").write_text("student_id,first_name,last_name,email\nada,,,\n")
    receipt = {"receipt": "x", "signature": "y"}
    (tmp_path / "receipt.json").write_text(json.dumps(receipt))
    env = clean_environment(path_first=PROGRAMS, home=tmp_path) | {
        "NBCOURIER_URL": stranger.url,
        "JUPYTERHUB_API_TOKEN": "ada",
        "JUPYTERHUB_USER": "ada",
    }

    def run(line: str) -> str | None:
        done = subprocess.run(
            [str(binary), *line.split()],
            cwd=tmp_path,
            env=env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=COMMAND_LIMIT_S,
            check=False,
        )
        said = done.stdout + done.stderr
        is_well = done.returncode == 1 and is_about_a_stranger(said, stranger.url)
        return None if is_well else f"{line}: exit {done.returncode}: {said}"

    with ThreadPoolExecutor(8) as pool:
        assert [each for each in pool.map(run, COMMANDS) if each] == []
    assert not (tmp_path / "out.csv").exists()


# Commands for a terminal, and characters that reorder what it shows.
HOSTILE = "\x1b[2J\x07\u202e\x9b31m\r\u2028"
COMMANDING = set(HOSTILE) - set("[2J31m")


def hostile(asked: ForwardedRequest) -> Spoil:
    """Answers as an exchange would whose names and sentences command the terminal."""
    path = asked.path.partition("?")[0]
    last = path.rpartition("/")[2]
    time = "2026-01-01T10:00:00Z"
    listings: dict[str, dict[str, object]] = {
        "courses": {"courses": [{"course": HOSTILE, "role": "instructor"}]},
        "extensions": {"extensions": [{"student": HOSTILE, "due_at": time, "cutoff_at": None}]},
        "events": {"events": [{"id": 1, "at": time, "action": HOSTILE, "actor": HOSTILE}]},
        "trash": {"courses": [{"id": 1, "course": HOSTILE, "deleted_at": time}]},
        "roster": {"added": 1, "updated": 0, "unchanged": 0, "warnings": [HOSTILE]},
    }
    if last in listings and asked.method != "DELETE":
        body = json.dumps(listings[last] | {"next": None}).encode()
        return from_exchange(200, body, Content_Type="application/json")
    refusal = {"type": "about:blank", "title": HOSTILE, "status": 403, "detail": HOSTILE}
    body = json.dumps(refusal | {"success": False, "message": HOSTILE}).encode()
    caller = quote(HOSTILE)
    return from_exchange(
        403, body, Content_Type="application/problem+json", X_NbCourier_Caller=caller
    )


def run_program(binary: Path, home: Path, url: str, *arguments: str) -> tuple[int, str]:
    """Returns the exit code and the output of a command that asks the exchange at this address."""
    env = clean_environment(path_first=PROGRAMS, home=home) | {
        "NBCOURIER_URL": url,
        "JUPYTERHUB_API_TOKEN": "ada",
        "JUPYTERHUB_USER": "ada",
    }
    done = subprocess.run(
        [str(binary), *arguments],
        cwd=home,
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=COMMAND_LIMIT_S,
        check=False,
    )
    return done.returncode, (done.stdout + done.stderr).decode()


def test_no_answer_commands_the_terminal(
    binary: Path, stranger: Front, tmp_path: Path
) -> None:
    stranger.rule = hostile
    (tmp_path / "class.csv").write_text("student_id,first_name,last_name,email\nada,,,\n")
    receipt = {"receipt": "x", "signature": "y"}
    (tmp_path / "receipt.json").write_text(json.dumps(receipt))
    # The first takes no flag of ours.
    lines = [line.split() for line in COMMANDS]
    lines += [[*line, "--json"] for line in lines if line[0] != "ngshare-course-management"]

    def run(line: list[str]) -> str | None:
        code, said = run_program(binary, tmp_path, stranger.url, *line)
        is_well = code in (0, 1) and not COMMANDING & set(said)
        return None if is_well else f"{line}: exit {code}: {said!r}"

    with ThreadPoolExecutor(8) as pool:
        assert [each for each in pool.map(run, lines) if each] == []
    code, said = run_program(binary, tmp_path, stranger.url, "trash", "list", "--json")
    # Scripts read the names as they are.
    assert code == 0 and json.loads(said)[0]["course"] == HOSTILE


def test_a_listing_that_goes_in_a_circle_ends(
    binary: Path, stranger: Front, tmp_path: Path
) -> None:
    circle = {"": "a", "a": "b", "b": "a"}

    def rule(asked: ForwardedRequest) -> Spoil:
        cursor = parse_qs(urlsplit(asked.path).query).get("cursor", [""])[0]
        body = json.dumps({"courses": [], "next": circle[cursor]}).encode()
        return from_exchange(200, body, Content_Type="application/json")

    stranger.rule = rule
    code, said = run_program(binary, tmp_path, stranger.url, "course", "list")
    assert code == 1 and "the same page" in said
