"""Only an exchange's sentences are reported as the exchange's, and no other server gets a token."""

import json
import logging
import os
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from course import RELEASED, Course, both_wires, through
from front import ForwardedRequest, Front, Rule, Spoil, answer, from_exchange
from in_process import Desk
from nbcourier import http
from nbcourier.address import Address
from nbcourier.errors import CourierError
from nbcourier.settings import NbCourier
from nbgrader.exchange.abc import ExchangeError
from ngshare import ADMIN, Ngshare, cache_directory
from requests import Response
from trees import assert_same_tree, read_tree, without, write_tree

PAGE = b"<html><h1>JupyterHub</h1></html>"
HTML = {"Content_Type": "text/html"}
JSON = {"Content_Type": "application/json"}
HUB_JSON = json.dumps({"status": 403, "message": "Forbidden"}).encode()
# The programs that may answer in place of the exchange.
STRANGERS: dict[str, Spoil] = {
    "a hub that has no such page": answer(404, PAGE, **HTML),
    "a hub that wants another token": answer(403, PAGE, **HTML),
    "a hub that does not take that": answer(405, PAGE, **HTML),
    "a hub's API": answer(403, HUB_JSON, **JSON),
    "a hub's API that has no such address": answer(
        404, b'{"status": 404, "message": "Not found"}', **JSON
    ),
    "a hub's login": answer(302, b"", Location="/hub/login?next=%2F"),
    "another service": answer(200, b'{"detail": "Hello"}', **JSON),
    "another service that refuses": answer(401, b'{"detail": "No"}', **JSON),
    "a page": answer(200, PAGE, **HTML),
}
ASKED = [
    ("List", {}),
    ("List", {"inbound": True}),
    ("FetchAssignment", {}),
    ("FetchFeedback", {}),
    ("Collect", {}),
]


@pytest.fixture
def stranger() -> Iterator[Front]:
    """Somebody else at the address of the exchange."""
    running = Front("http://127.0.0.1:1")
    yield running
    running.stop()


def always(spoil: Spoil) -> Rule:
    return lambda asked: spoil


@pytest.mark.parametrize("name", STRANGERS)
def test_a_foreign_server_is_not_reported_as_an_exchange(
    stranger: Front, tmp_path: Path, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    stranger.rule = always(STRANGERS[name])
    desk = Desk(stranger.url, "ada", tmp_path)
    for slot, settings in ASKED:
        said = desk.fail(slot, "c", "ps1", **settings)
        assert f"The server at {stranger.url} is not an exchange" in said
        assert "NBCOURIER_URL" in said
        assert "The exchange says" not in said
        assert "The exchange knows you" not in said
    assert "is an ngshare" not in caplog.text


def test_an_address_that_is_too_short_is_named(
    course: Course, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    url = course.url.removesuffix("/api")
    assert url != course.url
    desk = Desk(url, course.first.name, tmp_path)
    for slot, settings in ASKED:
        said = desk.fail(slot, course.name, "ps1", **settings)
        assert f"An exchange answers at {url}, and has nothing there" in said
        assert "NBCOURIER_URL" in said
    assert "is an ngshare" not in caplog.text
    # Blanks around the right address do no harm.
    Desk(f" {course.url}/ ", course.first.name, tmp_path).run("List", course.name)


def test_a_foreign_refusal_is_no_empty_list(stranger: Front, tmp_path: Path) -> None:
    for status in (403, 404):
        refusal = {"success": False, "message": "route missing"}
        stranger.rule = always(answer(status, json.dumps(refusal).encode(), **JSON))
        desk = Desk(stranger.url, "ada", tmp_path)
        desk.fail("List", "c", "ps1")
        desk.fail("List", "c", "ps1", inbound=True)


# Answers that a program before the exchange sends in its place, in the exchange's own forms.
IN_ITS_PLACE: dict[str, Spoil] = {
    "a refusal": answer(403, b'{"success": false, "message": "Permission denied"}', **JSON),
    "a thing that is not there": answer(
        404, b'{"success": false, "message": "Course not found"}', **JSON
    ),
    "a problem": answer(
        403,
        b'{"type": "about:blank", "title": "No", "status": 403, "detail": "Blocked"}',
        Content_Type="application/problem+json",
    ),
    "an empty list": answer(
        200, b'{"success": true, "courses": [], "assignments": [], "submissions": []}', **JSON
    ),
}


@both_wires
@pytest.mark.parametrize("name", IN_ITS_PLACE)
def test_a_program_before_the_exchange_is_not_taken_for_the_exchange(
    course: Course, front: Front, tmp_path: Path, name: str
) -> None:
    course.release()
    front.rule = lambda asked: (
        None if asked.path.startswith("/healthz") else IN_ITS_PLACE[name]
    )
    desk = Desk(front.url, course.first.name, tmp_path)
    for slot, settings in ASKED:
        said = desk.fail(slot, course.name, "ps1", **settings)
        assert f"A server in front of the exchange at {front.url} answers" in said
        assert "The exchange says" not in said
        assert "not in the course" not in said


@both_wires
def test_where_a_proxy_removes_the_mark_an_exchange_is_still_recognised(
    course: Course, front: Front, tmp_path: Path
) -> None:
    front.rule = lambda asked: without_mark
    ira = Desk(front.url, course.instructor.name, tmp_path / "ira")
    ada = Desk(front.url, course.second.name, tmp_path / "ada")
    write_tree(ira.home / "release" / "ps1", RELEASED)
    ira.run("ReleaseAssignment", course.name, "ps1")
    ada.run("FetchAssignment", course.name, "ps1")
    ada.run("Submit", course.name, "ps1")
    ira.run("Collect", course.name, "ps1")
    collected = read_tree(ira.home / "submitted" / course.second.name / "ps1")
    assert_same_tree(without(collected, "timestamp.txt"), RELEASED)
    said = ada.fail("FetchAssignment", course.name, "no such")
    assert "The exchange says: Assignment not found" in said
    said = ada.fail("ReleaseFeedback", course.name, "ps1")
    assert "is not an exchange" not in said


def test_a_real_ngshare_is_recognised_by_two_requests(tmp_path: Path) -> None:
    server = Ngshare(cache_directory(), tmp_path / "server")
    front = Front(f"http://127.0.0.1:{server.port}")
    try:
        server.wire.change("POST", ADMIN, "course/c", instructors='["ira"]')
        details = {"first_name": "", "last_name": "", "email": ""}
        server.wire.change("POST", "ira", "student/c/ada", **details)
        ira, ada = (Desk(f"{front.url}/api", name, tmp_path / name) for name in ("ira", "ada"))

        def run(desk: Desk, slot: str, course: str = "c", assignment: str = "ps1") -> None:
            # The stand-alone mode believes the name that a request gives.
            def name(asked: ForwardedRequest) -> None:
                mark = "&" if "?" in asked.path else "?"
                asked.path += f"{mark}user={desk.name}"

            front.rule = name
            desk.run(slot, course, assignment)

        write_tree(ira.home / "release" / "ps1", RELEASED)
        run(ira, "ReleaseAssignment")
        run(ada, "FetchAssignment")
        run(ada, "Submit")
        front.asked.clear()
        run(ira, "Collect")
        assert len(front.below("/api/healthz")) <= 2
        collected = read_tree(ira.home / "submitted" / "ada" / "ps1")
        assert_same_tree(without(collected, "timestamp.txt"), RELEASED)
        with pytest.raises(ExchangeError, match="The exchange says: Course not found"):
            run(ada, "FetchAssignment", "no such course", "ps2")
    finally:
        front.stop()
        server.stop()


def without_mark(reply: Response, handler: BaseHTTPRequestHandler) -> None:
    """Forwards the reply as a proxy does that lets only known headers through."""
    content = reply.content
    handler.send_response(reply.status_code)
    for name, value in reply.headers.items():
        if name.lower() in ("content-type", "x-tree-digest", "location", "retry-after"):
            handler.send_header(name, value)
    if reply.status_code != 204:
        handler.send_header("Content-Length", str(len(content)))
    handler.end_headers()
    handler.wfile.write(content)


def test_a_derived_address_is_named_with_the_setting_that_corrects_it(
    stranger: Front, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stranger.rule = always(answer(404, PAGE, **HTML))
    desk = Desk("", "ada", tmp_path)
    monkeypatch.setenv("JUPYTERHUB_PUBLIC_HUB_URL", f"{stranger.url}/hub/")
    said = desk.fail("List", "c")
    assert f"{stranger.url}/services/nbcourier" in said
    assert "derived from JUPYTERHUB_PUBLIC_HUB_URL" in said
    assert "set NBCOURIER_URL" in said


def test_a_redirect_elsewhere_is_named_and_gets_no_token(
    stranger: Front, tmp_path: Path
) -> None:
    sink = Front("http://127.0.0.1:1")
    sink.rule = always(answer(200, b"{}", **JSON))
    stranger.rule = lambda asked: answer(301, b"", Location=f"{sink.url}{asked.path}")
    desk = Desk(f"{stranger.url}/api", "ada", tmp_path)
    said = desk.fail("List", "c")
    assert f"redirects to {sink.url}/api" in said
    assert f"set NBCOURIER_URL or c.NbCourier.url to {sink.url}/api" in said
    assert not sink.asked
    sink.stop()


def test_only_the_same_address_by_tls_is_gone_on_with() -> None:
    old = "http://hub.example.org/api"
    assert http._is_upgrade(old, "https://hub.example.org/api")
    assert http._is_upgrade("http://hub.example.org:80/api", "https://hub.example.org:443/api")
    for elsewhere in (
        "https://evil.example.org/api",
        "https://hub.example.org:8443/api",
        "https://hub.example.org/other",
        "https://hub.example.org:x/api",
        "https://hub.example.org@evil.example.org/api",
        "http://hub.example.org/api",
    ):
        assert not http._is_upgrade(old, elsewhere), elsewhere
    assert not http._is_upgrade("http://hub.example.org:8000/api", "https://hub.example.org/api")


@pytest.mark.parametrize("variable", ["http_proxy", "HTTP_PROXY", "all_proxy"])
@both_wires
def test_no_proxy_gets_a_token_for_this_machine(
    course: Course, front: Front, variable: str
) -> None:
    course.release()
    proxy = Front("http://127.0.0.1:1")
    proxy.rule = always(answer(403, PAGE, **HTML))
    through(front.url, course.first)
    course.first.env[variable] = proxy.url
    course.first.env.pop("no_proxy", None)
    assert course.first.listing(course.option)
    assert front.asked
    assert not proxy.asked
    proxy.stop()


def test_no_proxy_is_asked_for_an_address_that_was_worked_out(
    stranger: Front, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", stranger.url)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.setenv("JUPYTERHUB_API_URL", "http://hub.nowhere.invalid:8081/hub/api")
    said = Desk("", "ada", tmp_path).fail("List", "c")
    assert "http://hub.nowhere.invalid:8000/services/nbcourier does not answer" in said
    assert "derived from JUPYTERHUB_API_URL" in said
    assert not stranger.asked


def test_a_configured_proxy_is_named(
    stranger: Front, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = stranger.url.removeprefix("http://")
    monkeypatch.setenv("http_proxy", f"http://ada:secret@{place}")
    monkeypatch.delenv("no_proxy", raising=False)
    stranger.rule = always(answer(403, PAGE, **HTML))
    desk = Desk("http://exchange.example.org/api", "ada", tmp_path)
    said = desk.fail("List", "c")
    assert f"through the proxy {stranger.url} is not an exchange (it answers 403" in said
    stranger.die()
    said = desk.fail("List", "c")
    assert f"does not answer through the proxy {stranger.url}" in said
    assert "secret" not in said


def test_a_refusal_names_who_one_is_to_the_exchange(
    stranger: Front, tmp_path: Path
) -> None:
    problem = {"status": 403, "detail": "Permission denied"}

    def refuse(asked: ForwardedRequest) -> Spoil:
        return from_exchange(
            403,
            json.dumps(problem).encode(),
            Content_Type="application/problem+json",
            X_NbCourier_Caller="service%3Acourse101",
        )

    stranger.rule = refuse
    said = Desk(stranger.url, "course101", tmp_path).fail("FetchAssignment", "c", "ps1")
    assert "the exchange knows you as 'service:course101'" in said
    assert "nbcourier roster add COURSE service:course101 --role instructor" in said


def test_an_address_is_direct_where_it_is_near_or_a_guess() -> None:
    assert Address("http://127.0.0.1:1/x").direct
    assert Address("http://exchange.example.org/x", "JUPYTERHUB_API_URL").direct
    assert not Address("http://exchange.example.org/x").direct


@pytest.mark.parametrize(
    ("token", "is_odd"),
    [
        ("0123456789abcdef0123456789abcde", True),
        ("0123456789", True),
        ("0123456789abcdef" * 4, True),
        ("0123456789abcdef0123456789abcdef", False),
        ("ada-own-token", False),
    ],
)
def test_the_odd_length_of_an_unknown_token_is_reported(
    front: Front, tmp_path: Path, token: str, is_odd: bool
) -> None:
    refusal = json.dumps({"success": False, "message": "Login required"}).encode()
    front.rule = lambda asked: from_exchange(401, refusal, **JSON)
    said = Desk(front.url, token, tmp_path).fail("FetchAssignment", "c", "ps1")
    assert said.startswith("The exchange does not know you; your token is missing or has")
    odd = f"The token here has {len(token)} characters, and a hub makes tokens of 32"
    assert (odd in said) == is_odd
    assert token not in said


@pytest.mark.parametrize("around", ['"{}"', "Bearer {}", "token {}", "'{}'"])
def test_what_was_copied_with_a_token_is_reported(front: Front, tmp_path: Path, around: str) -> None:
    told = json.dumps({"success": False, "message": "Login required"}).encode()
    front.rule = lambda asked: from_exchange(401, told, **JSON)
    token = around.format("0123456789abcdef" * 2)
    said = Desk(front.url, token, tmp_path).fail("FetchAssignment", "c", "ps1")
    assert "The token here holds a blank or a quote" in said
    assert token not in said


@pytest.mark.parametrize("end", ["\n", "\r\n", "  \n"])
def test_the_end_of_a_line_is_no_part_of_a_token(
    course: Course, tmp_path: Path, end: str
) -> None:
    course.release()
    desk = Desk(course.url, f"{course.first.name}{end}", tmp_path)
    assert desk.run("List", course.name)


@pytest.mark.parametrize("token", ["a\nb", "a\u200bb", "a\x1bb"])
def test_a_token_that_no_request_can_carry_is_named(tmp_path: Path, token: str) -> None:
    said = Desk("http://127.0.0.1:9/api", token, tmp_path).fail("List", "c")
    assert "JUPYTERHUB_API_TOKEN" in said and "Copy the token again" in said


@pytest.mark.parametrize(
    "name", ["JUPYTERHUB_API_TOKEN", "NBCOURIER_SERVICE_NAME", "JUPYTERHUB_API_URL"]
)
def test_a_variable_that_is_no_text_is_named(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    for unset in ("NBCOURIER_URL", "NBCOURIER_TOKEN_FILE"):
        monkeypatch.delenv(unset, raising=False)
    monkeypatch.setenv("JUPYTERHUB_API_URL", "http://127.0.0.1:8081/hub/api")
    monkeypatch.setitem(os.environb, name.encode(), b"odd \xff value")
    with pytest.raises(CourierError, match=f"{name} is not valid UTF-8"):
        _ = NbCourier().transport
