"""Versions of an assignment, and taking back what was done, in a real browser and without one."""

import re
from pathlib import Path
from urllib.parse import quote

import pytest
import requests
from browser import wait_for_text
from lesson import ADMIN, COURSE, TEACHER, Lesson
from pages import find, open_as, session, text
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from standalone import Standalone

ASSIGNMENTS = f"v1/courses/{COURSE}/assignments"
UNDO = "//button[text()='Undo']"


def history(lesson: Lesson, assignment: str) -> list[dict]:
    found = lesson.call("GET", f"{ASSIGNMENTS}/{assignment}/history", TEACHER)
    return found["releases"]


def post(
    server: Standalone, path: str, form_on: str, name: str = TEACHER, **fields: str
) -> requests.Response:
    """Sends a form with the hidden fields of the page that holds it."""
    opened = session(name)
    page = opened.get(f"{server.url}/{form_on}", timeout=30).text
    hidden = dict(re.findall(r'type="hidden" name="([\w-]+)" value="([^"]*)"', page))
    return opened.post(f"{server.url}/{path}", data=hidden | fields, timeout=30)


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_an_instructor_mends_a_release_and_takes_it_back(
    server: Standalone,
    lesson: Lesson,
    browser: Chrome,
    tmp_path: Path,
    scripts: bool,
) -> None:
    mended = tmp_path / "extra.txt"
    mended.write_text(f"corrected {scripts}")
    first = len(history(lesson, "ps4"))
    browser.execute_cdp_cmd(
        "Emulation.setScriptExecutionDisabled", {"value": not scripts}
    )
    try:
        open_as(browser, server, TEACHER, f"c/{COURSE}/a/ps4")
        find(browser, By.LINK_TEXT, "versions and files").click()
        find(browser, By.LINK_TEXT, "Add or replace files").click()
        assert "Change the files there, too" in text(browser)
        find(browser, By.ID, "files").send_keys(str(mended))
        find(browser, By.CSS_SELECTOR, "main form button.main").click()
        wait_for_text(browser, f"Version {first + 1} of ps4 is released.")
        assert len(history(lesson, "ps4")) == first + 1
        find(browser, By.XPATH, UNDO).click()
        wait_for_text(browser, "This was taken back:")
        current = [each["version"] for each in history(lesson, "ps4") if each["current"]]
        assert current == [first]
        find(browser, By.XPATH, UNDO).click()
        wait_for_text(browser, f"Version {first + 1} of ps4 is released.")
        find(browser, By.CSS_SELECTOR, "a[href$='again?version=1']").click()
        wait_for_text(browser, "Differences from the current version")
        find(browser, By.CSS_SELECTOR, "main form button.main").click()
        wait_for_text(browser, f"Version {first + 2} of ps4 is released.")
        assert "old.txt" in text(browser)
        find(browser, By.LINK_TEXT, "Take the release back").click()
        wait_for_text(browser, "Nothing is deleted")
        find(browser, By.CSS_SELECTOR, "button.danger").click()
        wait_for_text(browser, "ps4 is not released any more.")
        assert not any(each["current"] for each in history(lesson, "ps4"))
        find(browser, By.XPATH, UNDO).click()
        wait_for_text(browser, f"Version {first + 2} of ps4 is released.")
        find(browser, By.LINK_TEXT, "Move the assignment to the trash").click()
        wait_for_text(browser, "Nobody will see the assignment any more")
        find(browser, By.CSS_SELECTOR, "button.danger").click()
        wait_for_text(browser, "ps4 was moved to the trash.")
        find(browser, By.XPATH, UNDO).click()
        wait_for_text(browser, "ps4 was restored.")
        assert len(history(lesson, "ps4")) == first + 2
    finally:
        browser.execute_cdp_cmd(
            "Emulation.setScriptExecutionDisabled", {"value": False}
        )


def test_a_release_that_another_person_changed_meanwhile_is_not_changed(
    server: Standalone, lesson: Lesson
) -> None:
    opened = session(TEACHER)
    page = opened.get(
        f"{server.url}/c/{COURSE}/a/ps1/versions/again?version=1", timeout=30
    )
    hidden = dict(re.findall(r'type="hidden" name="([\w-]+)" value="([^"]*)"', page.text))
    lesson.release("ps1", {"problem1.ipynb": b"{}"})
    address = f"{server.url}/c/{COURSE}/a/ps1/versions/again"
    reply = opened.post(address, data=hidden, timeout=30)
    assert reply.status_code == 409
    assert "Somebody else changed this meanwhile" in reply.text
    assert len(history(lesson, "ps1")) == 2


def test_files_of_a_version_are_shown_as_text_and_saved(
    server: Standalone, lesson: Lesson
) -> None:
    opened = session(TEACHER)
    place = f"{server.url}/c/{COURSE}/a/ps4"
    saved = opened.get(f"{place}/files/data/values.csv?version=1", timeout=30)
    assert saved.headers["Content-Disposition"].startswith("attachment")
    shown = opened.get(f"{place}/look/old.txt?version=1", timeout=30)
    assert shown.text == "1" and "/view/" in shown.url
    assert shown.headers["Content-Security-Policy"].startswith("sandbox")
    packed = opened.get(f"{place}/zip?version=1", timeout=30)
    assert packed.content.startswith(b"PK")
    for wrong in ("0", "99", "x", "-1", "9" * 30):
        assert (
            opened.get(f"{place}/zip?version={wrong}", timeout=30).status_code == 404
        )
    student = session("ada").get(f"{place}/look/old.txt?version=1", timeout=30)
    assert student.status_code in (403, 404)


def test_what_somebody_else_changed_since_is_not_taken_back(
    server: Standalone, lesson: Lesson
) -> None:
    extension = f"{ASSIGNMENTS}/ps2/extensions"
    page = f"c/{COURSE}/a/ps2/more-time"
    form = {"who": "ada\nhana", "by": "days", "days": "2"}
    looked = post(server, page, page, **form)
    was = re.search(r'name="was" value="([^"]+)"', looked.text)[1]
    given = post(server, page, page, was=was, step="give", **form)
    assert "2 students have more time for ps2." in given.text
    deed = re.search(r'name="deed" value="([^"]+)"', given.text)[1]
    # Another person's change of the same thing.
    later = {"due_at": "2220-01-01T00:00:00Z"}
    lesson.call("PUT", f"{extension}/ada", ADMIN, later)
    again = session(TEACHER).get(given.url, timeout=30)
    assert "2 students have more time" in again.text
    assert "deed" not in again.text, "it is not offered any more"
    board = f"c/{COURSE}/a/ps2/dates"
    refused = post(server, f"c/{COURSE}/undo", board, deed=deed)
    assert refused.status_code == 409
    kept = lesson.call("GET", extension, TEACHER)["extensions"]
    assert {each["student"] for each in kept} == {"ada", "hana"}
    # Nobody takes back what another person did.
    other = post(server, f"c/{COURSE}/undo", board, name=ADMIN, deed=deed)
    assert other.status_code == 409
    shown = session(ADMIN).get(
        f"{server.url}/c/{COURSE}/a/ps2?done={quote(deed)}", timeout=30
    )
    assert "have more time for ps2." not in shown.text


def test_an_import_is_taken_back_as_a_whole(
    server: Standalone, lesson: Lesson
) -> None:
    roster = f"v1/courses/{COURSE}/roster"
    before = lesson.call("GET", roster, TEACHER)["people"]
    opened = session(TEACHER)
    address = f"{server.url}/c/{COURSE}/import"
    sent = "username,first_name\nnew1,Nina\nnew2,Nino\nbob,Bob\n"
    for _ in range(2):
        page = opened.get(address, timeout=30).text
        token = re.search(r'name="csrf_token" value="([^"]+)"', page)[1]
        fields = {"csrf_token": token, "text": sent}
        look = opened.post(address, data=fields, files={"file": b""}, timeout=30)
        fields["seen"] = re.search(r'name="seen" value="([^"]+)"', look.text)[1]
        fields["step"] = "add"
        done = opened.post(address, data=fields, files={"file": b""}, timeout=30)
        assert "2 added, 1 changed" in done.text
        deed = re.search(r'name="deed" value="([^"]+)"', done.text)[1]
        token = re.search(r'name="csrf_token" value="([^"]+)"', done.text)[1]
        undone = opened.post(
            f"{server.url}/c/{COURSE}/undo",
            data={"csrf_token": token, "deed": deed},
            timeout=30,
        )
        assert "This was taken back:" in undone.text, undone.text
        after = lesson.call("GET", roster, TEACHER)["people"]
        assert sorted(after, key=str) == sorted(before, key=str)
    activity = opened.get(f"{server.url}/c/{COURSE}/activity", timeout=30).text
    assert "taken back" in activity
