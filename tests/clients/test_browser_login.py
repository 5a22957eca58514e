"""A person in a browser: from the service's home page through the hub's login and back."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, quote, urljoin, urlsplit

import pytest
import requests
from browser import log_in, picture, start_browser, text_of, wait_for_text
from hub import ADMIN, Hub
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By

PERSON = "linnéa"
TEACHES = "Statistik & <b>Daten"
TAKES = "plain101"
# A page of the service whose address somebody may have got by mail.
ASKED_FOR = "?from=a%20mail"
# The length of a SHA-256 in the form that RFC 7636 requires.
CHALLENGE_LENGTH = 43
CALL_LIMIT_S = 30


@pytest.fixture(scope="module")
def browser(hub: Hub, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    """A browser in which a person who teaches one course and takes another has logged in."""
    hub.add_user(ADMIN)
    admin = {"Authorization": f"token {hub.token(ADMIN)}"}
    for course in (TEACHES, TAKES):
        made = requests.post(
            f"{hub.service_url}/course/{quote(course)}",
            headers=admin,
            timeout=CALL_LIMIT_S,
        )
        assert made.ok, made.text
    hub.add_user(PERSON, f"formgrade-{TEACHES}", f"nbgrader-{TAKES}")
    driver = start_browser(tmp_path_factory.mktemp("profile"))
    try:
        page = quote(f"{prefix(hub)}{ASKED_FOR}", safe="")
        log_in(driver, hub, PERSON, f"{hub.service_url}/login?next={page}")
        yield driver
    finally:
        driver.quit()


def test_logging_in_leads_back_to_the_page_first_asked_for(
    browser: Chrome, hub: Hub
) -> None:
    assert browser.current_url == f"{hub.service_url}/{ASKED_FOR}"


def test_the_home_page_says_who_you_are_and_what_you_are_in_each_course(
    browser: Chrome, hub: Hub, screenshots: Path, request: pytest.FixtureRequest
) -> None:
    picture(browser, screenshots, request.node.callspec.id)
    text = text_of(browser)
    assert PERSON in text
    _, taught = text.split("Courses that you teach", 1)
    taught, taken = taught.split("Courses that you take", 1)
    assert TEACHES in taught and TAKES not in taught
    assert TAKES in taken and TEACHES not in taken


def test_the_help_says_how_to_point_nbgrader_at_the_service(
    browser: Chrome, hub: Hub
) -> None:
    browser.get(f"{hub.service_url}/help")
    text = text_of(browser)
    browser.back()
    assert "nbgrader_config.py" in text
    assert f'nbcourier.configure(get_config(), "{hub.service_url}")' in text


def test_the_session_is_kept_from_scripts_from_other_sites_and_from_other_services(
    browser: Chrome, hub: Hub
) -> None:
    cookies = cookies_of_the_service(browser, hub)
    assert cookies
    assert all(cookie["httpOnly"] for cookie in cookies)
    assert {cookie["sameSite"] for cookie in cookies} == {"Lax"}


def test_somebody_who_logged_in_at_the_hub_already_comes_straight_to_the_home_page(
    browser: Chrome, hub: Hub
) -> None:
    for cookie in cookies_of_the_service(browser, hub):
        browser.delete_cookie(cookie["name"])
    browser.get(f"{hub.service_url}/")
    assert browser.current_url == f"{hub.service_url}/"
    assert PERSON in text_of(browser)


# Headers that a browser, a proxy, or an attacker may send with the request.
ODD_HEADERS = [
    {},
    {"Origin": "null"},
    {"Origin": "https://elsewhere.example.org"},
    {"Referer": "about:blank"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "nonsense", "Sec-Fetch-Dest": "image"},
    {"X-Forwarded-Proto": "https,http", "X-Forwarded-Host": "elsewhere.example.org"},
    {"X-Forwarded-Proto": "", "X-Forwarded-For": "unknown, \"_x\""},
    {"Forwarded": "for=;host=\"\";proto=gopher"},
    {"Accept": "application/json"},
    {"Accept": "*;q=x"},
    {"Content-Type": "application/json"},
    {"Content-Type": "text/plain;charset=utf-16"},
    {"Content-Type": "multipart/form-data"},
    {"Content-Type": "nonsense"},
    {"Cookie": "a=b; =; ;;, \u00ff"},
    {"Authorization": "token made-up"},
    {"Authorization": "Basic Og=="},
    {"X-HTTP-Method-Override": "DELETE"},
    {"If-Match": "*", "Range": "bytes=0-"},
]


def log_out(hub: Hub, headers: dict[str, str], body: str, **more) -> requests.Response:
    return requests.post(
        f"{hub.service_url}/logout",
        data=body.encode(),
        headers={name: value.encode() for name, value in headers.items()},
        allow_redirects=False,
        timeout=CALL_LIMIT_S,
        **more,
    )


@pytest.mark.parametrize("headers", ODD_HEADERS, ids=str)
def test_logging_out_without_a_session_is_no_failure(
    hub: Hub, headers: dict[str, str]
) -> None:
    for body in ("", "csrf_token=made-up", "csrf_token[]=%ff", "{"):
        reply = log_out(hub, headers, body)
        assert reply.status_code == 200, (body, reply.status_code, reply.text)
        assert "Logged out" in reply.text


@pytest.mark.parametrize("headers", ODD_HEADERS, ids=str)
def test_a_session_outlives_a_request_to_log_out_that_no_page_of_ours_made(
    browser: Chrome, hub: Hub, headers: dict[str, str]
) -> None:
    cookies = {each["name"]: each["value"] for each in cookies_of_the_service(browser, hub)}
    assert cookies
    own = "; ".join(f"{name}={value}" for name, value in cookies.items())
    sent = headers | {"Cookie": f"{own}; {headers.get('Cookie', 'a=b')}"}
    for body in ("", "csrf_token=made-up", "{"):
        reply = log_out(hub, sent, body)
        assert reply.status_code in (200, 400, 401, 403), reply.status_code
        assert "Logged out" not in reply.text, sent
    browser.refresh()
    assert PERSON in text_of(browser)


def test_logging_out_ends_the_session(browser: Chrome, hub: Hub) -> None:
    assert cookies_of_the_service(browser, hub)
    copies = {each["name"]: each["value"] for each in cookies_of_the_service(browser, hub)}
    browser.find_element(By.TAG_NAME, "button").click()
    wait_for_text(browser, "logged out")
    assert not cookies_of_the_service(browser, hub)
    reply = requests.get(
        f"{hub.service_url}/", cookies=copies, allow_redirects=False, timeout=CALL_LIMIT_S
    )
    assert PERSON not in reply.content.decode()


def test_a_login_that_nobody_here_began_is_refused(hub: Hub) -> None:
    somebody_elses = begin_login(hub)["state"][0]
    for query in (
        {},
        {"code": "abc"},
        {"code": "abc", "state": "made-up"},
        {"code": "abc", "state": somebody_elses},
    ):
        reply = requests.get(
            f"{hub.service_url}/oauth_callback",
            params=query,
            allow_redirects=False,
            timeout=CALL_LIMIT_S,
        )
        assert reply.status_code in (400, 403), f"{query}: {reply.status_code}"
        assert not reply.cookies


def test_a_login_is_proved_to_the_hub_to_end_where_it_began(hub: Hub) -> None:
    asked = begin_login(hub)
    assert asked["response_type"] == ["code"]
    assert asked["code_challenge_method"] == ["S256"]
    assert len(asked["code_challenge"][0]) == CHALLENGE_LENGTH


def begin_login(hub: Hub) -> dict[str, list[str]]:
    """Returns the query that the service sends to the hub for a new visitor of its home page."""
    address = urlsplit(f"{hub.service_url}/")
    while address.path.startswith(prefix(hub)):
        reply = requests.get(
            address.geturl(), allow_redirects=False, timeout=CALL_LIMIT_S
        )
        assert reply.is_redirect, f"{address.path}: {reply.status_code} {reply.text}"
        address = urlsplit(urljoin(address.geturl(), reply.headers["Location"]))
    assert address.path == "/hub/api/oauth2/authorize"
    return parse_qs(address.query)


def prefix(hub: Hub) -> str:
    """Returns the path below which the service answers."""
    return urlsplit(f"{hub.service_url}/").path


def cookies_of_the_service(browser: Chrome, hub: Hub) -> list[dict]:
    """Returns the browser's cookies that go only to this service, without that of the time zone, which a script sets."""
    own = [each for each in browser.get_cookies() if each["path"] == prefix(hub)]
    return [each for each in own if each["name"] != "nbcourier-zone"]
