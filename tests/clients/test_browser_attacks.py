"""Another user's page on the hub's origin tries to read and to act as its visitor.

If a hub has one domain, that page has the same origin as nbcourier's. Each test covers a prevented attack. The last
ones cover attacks that only a domain for each user prevents.
"""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from driven import BROWSERS, Driven
from hub import ADMIN, Hub
from neighbour import WORKERS
from processes import POLL_S

CALL_LIMIT_S = 30
PAGE_LIMIT_S = 60
COURSE = "attacked"
# A string that every page of nbcourier contains for its own scripts and forms, and nothing else does.
MARK = "reading-token"
SERVICE = "/services/nbcourier/"

LOG_IN = """
const [name, done] = arguments;
document.getElementById("username_input").value = name;
document.getElementById("password_input").value = "any will do";
document.getElementById("login_submit").click();
done();
"""

FETCH = """
const [address, options, done] = arguments;
fetch(address, options).then(async (reply) => done([reply.status, await reply.text()]));
"""

# Not every browser reports that a frame failed, so the script looks into it for a while.
FRAME = """
const [element, attribute, mark, done] = arguments;
const frame = document.createElement(element);
let looks = 30;
const look = () => {
  let text = "";
  try { text = (frame.contentDocument || frame.getSVGDocument()).documentElement.outerHTML; } catch {}
  looks -= 1;
  if (text.includes(mark) || looks === 0) done(text); else setTimeout(look, 100);
};
frame[attribute] = "/services/nbcourier/";
document.body.append(frame);
look();
"""

# Opens the page in a window, and returns what it can read of it; "gone" if the browser took the window away.
POPUP = """
const [address, mark, done] = arguments;
const opened = window.open(address);
const look = () => {
  if (!opened || opened.closed) { done("gone"); return; }
  let text = "";
  try {
    if (opened.document.readyState === "complete" && opened.location.pathname === address) {
      text = opened.document.documentElement.outerHTML;
    }
  } catch { done("gone"); return; }
  if (text) { opened.close(); done(text); } else { setTimeout(look, 50); }
};
look();
"""

FORM = """
const [address, fields, done] = arguments;
const form = document.createElement("form");
form.method = "post";
form.action = address;
for (const [name, value] of Object.entries(fields)) {
  const field = document.createElement("input");
  field.name = name;
  field.value = value;
  form.append(field);
}
document.body.append(form);
done();
setTimeout(() => form.submit(), 0);
"""

REGISTER = """
const [script, done] = arguments;
navigator.serviceWorker.register(script, { scope: "/services/nbcourier/" }).then((registration) => {
  const worker = registration.installing || registration.waiting || registration.active;
  const look = () => { if (worker.state === "activated") done("activated"); };
  worker.addEventListener("statechange", look);
  look();
}, (error) => done(String(error)));
"""

UNREGISTER = """
const [done] = arguments;
navigator.serviceWorker.getRegistrations().then((all) => Promise.all(all.map((one) => one.unregister()))).then(() => done());
"""

OWN_TOKENS = """
const [done] = arguments;
done([
  document.querySelector("meta[name=reading-token]").content,
  document.querySelector("input[name=csrf_token]").value,
]);
"""


@pytest.fixture(scope="module", params=list(BROWSERS))
def driven(
    request: pytest.FixtureRequest, hub: Hub, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Driven]:
    """A browser in which an administrator has logged in."""
    hub.add_user(ADMIN)
    made = as_admin(hub, "POST", f"course/{COURSE}")
    assert made.ok or made.status_code == 409, made.text
    browser = BROWSERS[request.param](tmp_path_factory.mktemp(request.param))
    try:
        browser.go(f"{hub.service_url}/")
        wait_until(lambda: "/hub/login" in browser.url())
        browser.run(LOG_IN, ADMIN)
        wait_until(lambda: browser.url() == f"{hub.service_url}/")
        yield browser
    finally:
        browser.quit()


@pytest.fixture
def visitor(driven: Driven, hub: Hub) -> Driven:
    """The same browser on the neighbour's page."""
    driven.go(hub.neighbour_url)
    return driven


@pytest.fixture
def is_firefox(request: pytest.FixtureRequest) -> bool:
    """Whether the browser is Firefox."""
    return "firefox" in request.node.callspec.id


def as_admin(hub: Hub, method: str, path: str) -> requests.Response:
    """Returns the service's answer to the administrator's token."""
    return requests.request(
        method,
        f"{hub.service_url}/{path}",
        headers={"Authorization": f"token {hub.token(ADMIN)}"},
        timeout=CALL_LIMIT_S,
    )


def courses(hub: Hub) -> list[str]:
    """Returns all courses."""
    return as_admin(hub, "GET", "courses").json()["courses"]


def wait_until(ready: Any) -> None:
    """Waits until `ready` returns true."""
    limit = time.monotonic() + PAGE_LIMIT_S
    while not ready():
        assert time.monotonic() < limit
        time.sleep(POLL_S)


def fetch(browser: Driven, address: str, **options: Any) -> tuple[int, str]:
    """Returns the answer that a script of the current page gets."""
    status, text = browser.run(FETCH, address, {"credentials": "include"} | options)
    return status, text


def test_our_own_page_reads_and_changes_with_its_tokens(
    driven: Driven, hub: Hub
) -> None:
    driven.go(f"{hub.service_url}/")
    reading, writing = driven.run(OWN_TOKENS)
    for path in ("courses", "v1/courses"):
        status, text = fetch(
            driven, f"{SERVICE}{path}", headers={"X-CSRF-Token": reading}
        )
        assert (status, COURSE in text) == (200, True), text
    for token, expected in ((reading, 403), (writing, 200)):
        status, text = fetch(
            driven,
            f"{SERVICE}course/by-our-page",
            method="POST",
            headers={"X-CSRF-Token": token},
        )
        assert status == expected, text
    assert "by-our-page" in courses(hub)
    status, text = fetch(
        driven,
        f"{SERVICE}course/by-our-page",
        method="DELETE",
        headers={"X-CSRF-Token": writing},
    )
    assert status == 200, text


def test_the_neighbour_has_our_origin(visitor: Driven) -> None:
    status, text = fetch(visitor, f"{SERVICE}healthz")
    assert (status, "success" in text) == (200, True)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"mode": "same-origin"},
        {"mode": "no-cors"},
        {"headers": {"Accept": "text/html"}},
    ],
)
def test_a_script_does_not_read_a_page(visitor: Driven, options: dict) -> None:
    status, text = fetch(visitor, SERVICE, **options)
    assert (status, MARK in text) == (403, False)


@pytest.mark.parametrize(
    ("element", "attribute"), [("iframe", "src"), ("object", "data"), ("embed", "src")]
)
def test_a_frame_does_not_read_a_page(
    visitor: Driven, element: str, attribute: str
) -> None:
    assert MARK not in visitor.run(FRAME, element, attribute, MARK)


@pytest.mark.parametrize("path", ["courses", "v1/courses", "v1/events"])
def test_a_script_or_a_window_reads_no_data(
    visitor: Driven, hub: Hub, path: str
) -> None:
    status, text = fetch(visitor, f"{SERVICE}{path}")
    assert (status, COURSE in text) == (403, False)
    visitor.go(f"{hub.service_url}/{path}")
    shown = visitor.run("arguments[0](document.documentElement.outerHTML);")
    assert COURSE not in shown


@pytest.mark.parametrize("method", ["POST", "DELETE", "PUT", "PATCH"])
def test_a_script_changes_nothing(visitor: Driven, hub: Hub, method: str) -> None:
    for path in (f"course/{COURSE}", "course/made", "v1/courses/made", "logout"):
        status, text = fetch(visitor, f"{SERVICE}{path}", method=method)
        assert status in (403, 405), f"{path}: {status} {text}"
    assert COURSE in courses(hub)
    assert "made" not in courses(hub)


@pytest.mark.parametrize("path", ["course/forged", "logout"])
def test_a_forged_form_changes_nothing(visitor: Driven, hub: Hub, path: str) -> None:
    address = f"{hub.service_url}/{path}"
    visitor.run(FORM, address, {"instructors": "[]", "csrf_token": "guessed"})
    wait_until(lambda: visitor.url() == address)
    assert "forged" not in courses(hub)
    # The visitor is still logged in.
    visitor.go(f"{hub.service_url}/")
    assert visitor.url() == f"{hub.service_url}/"
    visitor.run(OWN_TOKENS)


@pytest.mark.parametrize("worker", ["forward", "preload"])
def test_a_service_worker_does_not_read_a_page_that_is_opened(
    visitor: Driven, hub: Hub, worker: str
) -> None:
    reports = reports_of(visitor, hub, worker)
    assert [(each["status"], MARK in each["text"]) for each in reports] == [(403, False)]


def test_a_service_worker_that_races_with_the_network_reads_a_page_in_chromium_only(
    visitor: Driven, hub: Hub, is_firefox: bool
) -> None:
    """The browser requests the page as for any page that it shows, and gives the worker the same reply."""
    (report,) = reports_of(visitor, hub, "race")
    if is_firefox:
        assert (report["status"], MARK in report["text"]) == (403, False)
    else:
        # If this fails, Chromium has changed: say so in SECURITY.md.
        assert (report["status"], MARK in report["text"]) == (200, True)


def test_a_window_that_a_script_opens_is_taken_away_from_it_but_in_firefox(
    visitor: Driven, is_firefox: bool
) -> None:
    seen = visitor.run(POPUP, SERVICE, MARK)
    if is_firefox:
        # Firefox does not know the value noopener-allow-popups. If this fails, it does: say so in SECURITY.md.
        assert MARK in seen
    else:
        assert seen == "gone"


def reports_of(visitor: Driven, hub: Hub, worker: str) -> list[dict]:
    """Returns what the neighbour's service worker reads when the visitor opens our page."""
    assert worker in WORKERS
    hub.neighbour.reports.clear()
    script = f"/services/neighbour/worker-{worker}.js"
    assert visitor.run(REGISTER, script) == "activated"
    try:
        visitor.go(f"{hub.service_url}/")
        wait_until(lambda: hub.neighbour.reports)
        return list(hub.neighbour.reports)
    finally:
        visitor.go(hub.neighbour_url)
        visitor.run(UNREGISTER)
