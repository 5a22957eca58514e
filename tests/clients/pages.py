"""The fixtures of the tests of pages, a course at a stand-alone server and a browser, and steps of people there."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
from browser import PAGE_LIMIT_S, start_browser
from lesson import Lesson
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait
from standalone import Standalone

NAME_COOKIE = "nbcourier-trial"
LANGUAGE_COOKIE = "nbcourier-language"


@pytest.fixture(scope="module")
def server(
    binary: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Standalone]:
    running = Standalone(binary, tmp_path_factory.mktemp("pages"))
    yield running
    assert running.stop() == 0


@pytest.fixture(scope="module")
def lesson(server: Standalone) -> Lesson:
    return Lesson(server.url)


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    running = start_browser(tmp_path_factory.mktemp("profile"), "--accept-lang=en")
    yield running
    running.quit()


def session(name: str, language: str = "en") -> requests.Session:
    """Returns a browser without a screen."""
    opened = requests.Session()
    opened.cookies.set(NAME_COOKIE, requests.utils.quote(name, safe=""))
    opened.cookies.set(LANGUAGE_COOKIE, language)
    return opened


@contextmanager
def speaking(browser: Chrome, server: Standalone, language: str) -> Iterator[None]:
    """Lets the browser ask for pages in this language."""
    browser.get(f"{server.url}/help")
    browser.add_cookie({"name": LANGUAGE_COOKIE, "value": language, "path": "/"})
    yield
    browser.delete_cookie(LANGUAGE_COOKIE)


def open_as(browser: Chrome, server: Standalone, name: str, path: str) -> None:
    """Opens a page as this person."""
    separator = "&" if "?" in path else "?"
    user = requests.utils.quote(name, safe="")
    browser.get(f"{server.url}/{path}{separator}user={user}")


def text(browser: Chrome) -> str:
    return browser.find_element(By.TAG_NAME, "body").text


def wait_for(browser: Chrome, condition, limit_s: float = PAGE_LIMIT_S) -> None:
    WebDriverWait(browser, limit_s, 0.05).until(condition)


def find(browser: Chrome, by: str, what: str) -> WebElement:
    """Returns an element, which may be on a page that is still loading."""
    wait = WebDriverWait(browser, PAGE_LIMIT_S, 0.05)
    return wait.until(lambda page: page.find_element(by, what), what)
