"""A headless browser, and the filling in of the hub's login form."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

from hub import Hub
from selenium.common.exceptions import (
    NoSuchElementException,
    StaleElementReferenceException,
    WebDriverException,
)
from selenium.webdriver import Chrome, ChromeOptions, ChromeService
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

# The machine may do much else at the same time.
PAGE_LIMIT_S = 90
# The pause between two looks at a page, in seconds.
LOOK_S = 0.1
IS_COMPLETE = "return document.readyState === 'complete'"
# Chromium's words for an element that the page replaced during a click. The error has no class of its own.
REPLACED = "does not belong to the document"
# The browser must not look for updates, and this machine may have no screen and no sandbox for root.
FLAGS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--disable-sync",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    "--window-size=1100,850",
]

T = TypeVar("T")


def start_browser(profile: Path, *more: str) -> Chrome:
    """Returns a browser with an empty profile; `more` are flags."""
    programs = {name: shutil.which(name) for name in ("chromium", "chromedriver")}
    assert all(programs.values()), f"run scripts/setup-clients.sh: {programs}"
    options = ChromeOptions()
    options.binary_location = programs["chromium"]
    for flag in [*FLAGS, *more, f"--user-data-dir={profile}"]:
        options.add_argument(flag)
    service = ChromeService(
        programs["chromedriver"], env=os.environ | {"HOME": str(profile)}
    )
    return Chrome(options=options, service=service)


def log_in(browser: Chrome, hub: Hub, name: str, asked_for: str) -> None:
    """Opens a page of the service, fills in the hub's form, and waits to be back at the service."""
    fill_in_login(browser, hub, name, asked_for)
    wait = WebDriverWait(browser, PAGE_LIMIT_S, LOOK_S)
    wait.until(lambda page: page.current_url.startswith(hub.service_url))
    wait.until(lambda page: page.execute_script(IS_COMPLETE))


def fill_in_login(browser: Chrome, hub: Hub, name: str, asked_for: str) -> None:
    """Opens any page at the hub, and fills in the login form that comes before it."""
    browser.get(asked_for)
    wait = WebDriverWait(browser, PAGE_LIMIT_S, LOOK_S)
    wait.until(lambda page: page.current_url.startswith(f"{hub.url}/hub/login"))
    browser.find_element(By.ID, "username_input").send_keys(name)
    browser.find_element(By.ID, "password_input").send_keys("any will do")
    browser.find_element(By.ID, "login_submit").click()


def wait_for_text(browser: Chrome, text: str) -> None:
    """Waits until a person can read the text, for text that appears some time after a click."""
    gone = [NoSuchElementException, StaleElementReferenceException]
    wait = WebDriverWait(browser, PAGE_LIMIT_S, LOOK_S, gone)
    wait.until(
        lambda page: unless_replaced(lambda: text in text_of(page)),
        f"nowhere on the page: {text}",
    )


def unless_replaced(step: Callable[[], T]) -> T | None:
    """Returns the result of the step; None if the page replaced the element meanwhile, and the step is to be repeated."""
    try:
        return step()
    except WebDriverException as error:
        if REPLACED in (error.msg or ""):
            return None
        raise


def text_of(browser: Chrome) -> str:
    """Returns the text that a person can read on the page."""
    return browser.find_element(By.TAG_NAME, "body").text


def picture(browser: Chrome, directory: Path, name: str) -> Path:
    """Writes a screenshot for people to look at."""
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / f"{quote(name, safe='')}.png"
    assert browser.save_screenshot(str(path))
    return path
