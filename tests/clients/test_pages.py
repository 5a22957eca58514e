"""The pages in a real browser: every page in every state, and the stories of a student and an instructor."""

import io
import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import html5lib
import pytest
from browser import PAGE_LIMIT_S, picture, wait_for_text
from lesson import ADMIN, COURSE, FEEDBACK, FORMULAS, STUDENTS, TEACHER, Lesson
from pages import find, open_as, session, speaking, text, wait_for
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait
from standalone import Standalone

DOCS = Path(__file__).resolve().parents[2] / "docs"
STUDENT = "ada"
# A page requests its numbers every 15 seconds, and after a request that failed up to a minute later.
LIVE_LIMIT_S = 180
# The pages, each with the person who opens it. `{number}` is a submission of the student with feedback, `{link}`
# leads to a shared page.
PAGES = {
    "home of a student": ("", STUDENT),
    "home of nobody": ("", "nobody"),
    "help": ("help", STUDENT),
    "me": ("me", STUDENT),
    "receipts": ("receipts", STUDENT),
    "login": ("login", STUDENT),
    "course of a student": ("c/algebra", STUDENT),
    "assignment of a student": ("c/algebra/a/ps3", STUDENT),
    "missed assignment of a student": ("c/algebra/a/ps2", "bob"),
    "upload": ("c/algebra/a/ps3/submit", STUDENT),
    "submission": ("c/algebra/s/{number}", STUDENT),
    "feedback": ("c/algebra/s/{number}/feedback", STUDENT),
    "course": ("c/algebra", TEACHER),
    "everybody": ("c/algebra/everybody", TEACHER),
    "a student": ("c/algebra/people/ada", TEACHER),
    "class": ("c/algebra/a/ps3", TEACHER),
    "filtered class": ("c/algebra/a/ps3?show=missing&find=zzz", TEACHER),
    "versions": ("c/algebra/a/ps3/versions", TEACHER),
    "an old version": ("c/algebra/a/ps4/versions?version=1", TEACHER),
    "releasing again": ("c/algebra/a/ps4/versions/again?version=1", TEACHER),
    "adding files": ("c/algebra/a/ps3/versions/add", TEACHER),
    "taking back": ("c/algebra/a/ps3/take-back", TEACHER),
    "deleting an assignment": ("c/algebra/a/ps3/delete", TEACHER),
    "dates": ("c/algebra/a/ps3/dates", TEACHER),
    "more time": ("c/algebra/a/ps3/more-time?who=ada", TEACHER),
    "people": ("c/algebra/people", TEACHER),
    "adding from a file": ("c/algebra/import", TEACHER),
    "removing a person": ("c/algebra/remove?who=ada", TEACHER),
    "activity": ("c/algebra/activity", TEACHER),
    "figures": ("c/algebra/figures", TEACHER),
    "starts": ("c/algebra/starts", TEACHER),
    "failed starts": ("c/algebra/starts?outcome=failed&person=nobody", TEACHER),
    "shared pages": ("c/algebra/shares", TEACHER),
    "own shared pages": ("shared?done=revoked", STUDENT),
    "shared pages of nobody": ("shared", "nobody"),
    "shared page": ("{link}", "bob"),
    "shared page for a stranger": ("{link}", "nobody"),
    "work on notebooks": ("c/algebra/notebooks", TEACHER),
    "work on each notebook": ("c/algebra/notebooks?by=notebook", TEACHER),
    "work of a day": ("c/algebra/notebooks?by=day&student=ada", TEACHER),
    "no work": ("c/algebra/notebooks?since=9999-01-01&by=day", TEACHER),
    "work of a student": ("c/algebra/notebooks", STUDENT),
    "trash": ("c/algebra/trash", TEACHER),
    "directories": ("d", TEACHER),
    "directories that were found": ("d?q=zzz&reach=own", STUDENT),
    "directories of a course": ("d?owner=course:algebra", TEACHER),
    "new directory": ("d/new", STUDENT),
    "new directory of a course": ("d/new?owner=course:algebra", TEACHER),
    "directory": ("d/course:algebra/data", TEACHER),
    "directory of a student": ("d/course:algebra/data", STUDENT),
    "folder": ("d/course:algebra/data/in/week%201", TEACHER),
    "earlier version of a directory": ("d/course:algebra/data?version=2", TEACHER),
    "empty directory": ("d/ada/empty?done=created", STUDENT),
    "versions of a directory": ("d/course:algebra/data/versions", TEACHER),
    "versions for a reader": ("d/course:algebra/data/versions", STUDENT),
    "sharing": ("d/course:algebra/data/sharing", TEACHER),
    "sharing for a reader": ("d/course:algebra/data/sharing", STUDENT),
    "settings of a directory": ("d/course:algebra/data/settings", TEACHER),
    "repository of a directory": ("d/course:algebra/lecture/source", TEACHER),
    "no repository yet": ("d/course:algebra/data/source", TEACHER),
    "repository for a reader": ("d/course:algebra/data/source", STUDENT),
    "deleted directories": ("d/trash", TEACHER),
    "directory of another": ("d/ada/empty", "bob"),
    "home of an administrator": ("", ADMIN),
    "state": ("admin", ADMIN),
    "courses": ("admin/courses", ADMIN),
    "courses that were found": ("admin/courses?find=zzz&sort=used", ADMIN),
    "course made": ("admin/courses?made=algebra", ADMIN),
    "a name": ("admin/people?name=ada", ADMIN),
    "a hostile name": ("admin/people?name=x%27%22%3Cb%3E", ADMIN),
    "an unknown name": ("admin/people?name=%3Cimg%20src%3Dx%3E", ADMIN),
    "similar names": ("admin/people?name=a", ADMIN),
    "storage": ("admin/storage", ADMIN),
    "events": ("admin/events", ADMIN),
    "deleted courses": ("admin/trash", ADMIN),
    "settings": ("admin/settings", ADMIN),
    "who may enrol": ("admin/registrars", ADMIN),
    "page for administrators": ("admin", TEACHER),
    "settings of a course": ("c/algebra/settings", TEACHER),
    "settings of an administrator": ("c/algebra/settings", ADMIN),
    "nothing": ("c/algebra/a/nothing", TEACHER),
    "refused": ("c/algebra/a/ps3/dates", STUDENT),
}
# Besides the languages that people choose, one whose messages are longer, and one from right to left.
LANGUAGES = ["en", "de", "fr", "qps", "qpm"]
SIZES = {"desktop": (1280, 900), "phone": (320, 640)}
# The theme, the size of the window and the language in which somebody opens every page.
VIEWS = [
    ("light", "desktop", "en"),
    ("dark", "desktop", "en"),
    ("light", "phone", "en"),
    ("dark", "phone", "en"),
    ("light", "phone", "de"),
]
# Forms that come back with a reason: the page, the person, and what they write into the fields.
REFUSED = {
    "allowance": ("c/algebra/people/ada", TEACHER, {"hours": "0"}),
    "more time": ("c/algebra/a/ps3/more-time", TEACHER, {"who": "nobody-here"}),
    "dates": ("c/algebra/a/ps3/dates", TEACHER, {"due-date": "", "due-time": ""}),
    "import": ("c/algebra/import", TEACHER, {"text": ""}),
    "person": ("c/algebra/people", TEACHER, {"username": "no/name"}),
    "settings": ("c/algebra/settings", TEACHER, {"title": "x" * 300}),
    "receipt": ("receipts", STUDENT, {"receipt": "no receipt"}),
    "new directory": (
        "d/new?owner=course:algebra",
        TEACHER,
        {"name": "no/name", "description": "Rain", "deliver": "algebra"},
    ),
    "settings of a directory": ("d/course:algebra/data/settings", TEACHER, {"name": "no/name"}),
    "new folder": ("d/course:algebra/data/in/week%201", TEACHER, {"name": "../up"}),
}
AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# Sends the form with these fields, which the browser itself would refuse.
SEND_WRONGLY = """
const [fields] = arguments;
const named = (name) => document.querySelector(`main [name="${name}"]`);
for (const [name, value] of Object.entries(fields)) named(name).value = value;
const form = named(Object.keys(fields)[0]).form;
form.noValidate = true;
form.requestSubmit();
"""
RUN_AXE = """
const [tags, done] = arguments;
axe.run({runOnly: {type: "tag", values: tags}}).then(
  (found) => done(found.violations.map((each) => [each.id, each.nodes.map((node) => node.html)])),
  (error) => done([["failed", [String(error)]]]));
"""


@pytest.fixture(scope="module")
def number(lesson: Lesson) -> int:
    """A submission of the student with feedback."""
    (found,) = (
        each["id"] for each in lesson.submissions(STUDENT) if each.get("feedback")
    )
    return found


@pytest.fixture(scope="module")
def axe(cache: Path) -> str:
    path = cache / "axe" / "node_modules" / "axe-core" / "axe.min.js"
    return path.read_text("utf-8")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_is_html_without_an_error(
    server: Standalone, lesson: Lesson, number: int, language: str
) -> None:
    for title, (path, name) in PAGES.items():
        address = f"{server.url}/{path.format(number=number, link=lesson.link)}"
        reply = session(name, language).get(address, timeout=30)
        assert reply.headers["Content-Type"].startswith("text/html"), title
        parser = html5lib.HTMLParser(namespaceHTMLElements=False)
        tree = parser.parse(reply.text)
        assert not parser.errors, (title, parser.errors)
        assert tree.get("lang") == language, title
        assert len(tree.findall(".//h1")) == 1, title
        assert tree.findtext(".//title").endswith("nbcourier"), title
        missing = re.findall(r"\{ *\$|\{\{|⟦[a-z-]+⟧", reply.text)
        assert not missing, (title, missing)
        if language == "qps":
            words = "".join(tree.find(".//main").itertext())
            stray = re.sub(r"⟦[^⟧]*⟧", "", words)
            assert "Submit" not in stray and "Students" not in stray, (title, stray)


@contextmanager
def seen(browser: Chrome, theme: str, size: str) -> Iterator[None]:
    """Lets the browser have a window of this size, and a system with this theme."""
    width, height = SIZES[size]
    metrics = {
        "width": width,
        "height": height,
        "deviceScaleFactor": 1,
        "mobile": False,
    }
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    feature = {"name": "prefers-color-scheme", "value": theme}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})
    try:
        yield
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def assert_fits(browser: Chrome, title: str) -> None:
    overflow = browser.execute_script(
        "return document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    assert overflow <= 0, f"{title} is {overflow} px wider than the window"


def assert_usable(browser: Chrome, axe: str, title: str) -> None:
    """Checks that the page fits the window and is accessible, and that nothing of what people wrote has run."""
    assert_fits(browser, title)
    browser.execute_script(axe)
    found = browser.execute_async_script(RUN_AXE, AXE_TAGS)
    assert not found, (title, found)
    assert browser.title != "hit", title


@pytest.mark.parametrize(("theme", "size", "language"), VIEWS)
def test_everybody_can_use_every_page(
    server: Standalone,
    lesson: Lesson,
    number: int,
    browser: Chrome,
    axe: str,
    screenshots: Path,
    theme: str,
    size: str,
    language: str,
) -> None:
    with speaking(browser, server, language), seen(browser, theme, size):
        for title, (path, name) in PAGES.items():
            open_as(browser, server, name, path.format(number=number, link=lesson.link))
            assert_usable(browser, axe, title)
            picture(browser, screenshots / "pages", f"{title} {theme} {size} {language}")


def test_longer_words_fit_a_phone(
    server: Standalone, lesson: Lesson, number: int, browser: Chrome
) -> None:
    with speaking(browser, server, "qps"), seen(browser, "light", "phone"):
        for title, (path, name) in PAGES.items():
            open_as(browser, server, name, path.format(number=number, link=lesson.link))
            assert_fits(browser, title)


@pytest.mark.parametrize(("theme", "size"), [("light", "phone"), ("dark", "desktop")])
def test_everybody_can_use_a_form_that_comes_back_with_a_reason(
    server: Standalone,
    lesson: Lesson,
    browser: Chrome,
    axe: str,
    screenshots: Path,
    theme: str,
    size: str,
) -> None:
    with seen(browser, theme, size):
        for title, (path, name, fields) in REFUSED.items():
            open_as(browser, server, name, path)
            browser.execute_script(SEND_WRONGLY, fields)
            wait_for(browser, lambda page: page.find_elements(By.CSS_SELECTOR, "[role=alert]"))
            assert_usable(browser, axe, title)
            for field, value in fields.items():
                kept = find(browser, By.NAME, field).get_attribute("value")
                assert kept == value, (title, field)
            picture(browser, screenshots / "refused", f"{title} {theme} {size}")


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_a_student_submits_by_uploading_and_reads_their_feedback(
    server: Standalone,
    lesson: Lesson,
    number: int,
    browser: Chrome,
    tmp_path: Path,
    scripts: bool,
) -> None:
    notebook = tmp_path / "problem1.ipynb"
    notebook.write_text('{"cells": ["mine"]}')
    before = len(lesson.submissions("hana"))
    disabled = {"value": not scripts}
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", disabled)
    try:
        open_as(browser, server, "hana", "c/algebra/a/ps3")
        find(browser, By.PARTIAL_LINK_TEXT, "uploading").click()
        find(browser, By.ID, "files").send_keys(str(notebook))
        find(browser, By.CSS_SELECTOR, "main form button.main").click()
        wait_for_text(browser, "Keep the receipt")
        assert "this one counts" in text(browser)
        newest = lesson.submissions("hana")
        assert len(newest) == before + 1
        find(browser, By.LINK_TEXT, "ps3").click()
        wait_for_text(browser, "You have submitted.")
        open_as(browser, server, STUDENT, f"c/algebra/s/{number}/feedback")
        address = find(browser, By.LINK_TEXT, "Read").get_attribute("href")
        browser.get(address)
        assert "/view/" in browser.current_url
        assert "Well done" in text(browser)
        assert browser.title == "feedback"
        find(browser, By.LINK_TEXT, "x").click()
        find(browser, By.TAG_NAME, "button").click()
        assert browser.title == "feedback" and "/view/" in browser.current_url
    finally:
        browser.execute_cdp_cmd(
            "Emulation.setScriptExecutionDisabled", {"value": False}
        )


def test_feedback_runs_nothing_while_its_formulas_are_drawn(
    server: Standalone, lesson: Lesson, number: int, browser: Chrome, screenshots: Path
) -> None:
    lesson.feedback(number, {"problem1.html": FORMULAS})
    feedback = f"c/algebra/s/{number}/feedback"

    def read(link: str) -> None:
        open_as(browser, server, STUDENT, feedback)
        browser.get(find(browser, By.LINK_TEXT, link).get_attribute("href"))

    read("Read with formulas")
    wait_for(browser, lambda _: len(browser.find_elements(By.CSS_SELECTOR, ".katex")) == 6)
    # Browsers load fonts when text needs them.
    fonts = "return document.fonts.ready.then((all) => [...all].filter((each) => each.status == 'loaded').length)"
    assert browser.execute_script(fonts) > 0
    picture(browser, screenshots / "pages", "feedback with formulas")
    assert "price: $5 and $6" in text(browser)
    assert browser.find_elements(By.CSS_SELECTOR, ".katex a") == []
    find(browser, By.LINK_TEXT, "x").click()
    find(browser, By.TAG_NAME, "button").click()
    assert browser.title == "feedback" and "/view/" in browser.current_url
    read("Read")
    assert "$x^2$" in text(browser)
    lesson.feedback(number, {"problem1.html": FEEDBACK})


def test_what_is_uploaded_arrives_and_comes_back_as_it_was(
    server: Standalone, lesson: Lesson
) -> None:
    opened = session("noor")
    address = f"{server.url}/c/{COURSE}/a/ps4/submit"
    page = opened.get(address, timeout=30).text
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page))
    files = [
        ("files", ("problem1.ipynb", b'{"cells": []}')),
        ("files", ("نتيجة.csv", b"1,2\n")),
        ("folder", ("ps4/data/nul.txt", b"x" * 300_000)),
    ]
    sent = [opened.post(address, data=hidden, files=files, timeout=30) for _ in "12"]
    assert [each.status_code for each in sent] == [200, 200]
    assert sent[0].url == sent[1].url, "the second press stores nothing"
    assert len(lesson.submissions("noor")) == 1
    place = sent[0].url.split("?")[0]
    packed = opened.get(f"{place}/zip", timeout=30)
    assert packed.ok, packed.text
    assert packed.headers["Content-Disposition"].startswith("attachment")
    with zipfile.ZipFile(io.BytesIO(packed.content)) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        assert names == [
            "problem1.ipynb",
            "نتيجة.csv",
            "data/_nul.txt",
            "README.txt",
        ]
        assert archive.read("data/_nul.txt") == b"x" * 300_000
    single = opened.get(f"{place}/files/data/nul.txt", timeout=30)
    assert single.content == b"x" * 300_000
    receipt = opened.get(f"{place}/receipt.json", timeout=30)
    form = opened.get(f"{server.url}/receipts", timeout=30).text
    token = re.search(r'name="csrf_token" value="([^"]+)"', form)[1]
    checked = opened.post(
        f"{server.url}/receipts",
        data={"csrf_token": token, "receipt": receipt.text},
        timeout=30,
    )
    assert "This receipt is genuine." in checked.text
    assert "stored as it was submitted" in checked.text


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_an_instructor_gives_more_time_and_moves_the_dates(
    server: Standalone, lesson: Lesson, browser: Chrome, scripts: bool
) -> None:
    disabled = {"value": not scripts}
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", disabled)
    try:
        open_as(browser, server, TEACHER, "c/algebra/a/ps4?show=missing")
        box = find(browser, By.CSS_SELECTOR, "input[name=who][value=bob]")
        box.click()
        find(browser, By.XPATH, "//button[text()='Give more time']").click()
        days = find(browser, By.ID, "days")
        days.clear()
        days.send_keys("3")
        find(browser, By.CSS_SELECTOR, "main form button.main").click()
        wait_for_text(browser, "bob has more time for ps4")
        address = f"v1/courses/{COURSE}/assignments/ps4/extensions"
        extensions = lesson.call("GET", address, TEACHER)["extensions"]
        assert [each["student"] for each in extensions] == ["bob"]
        find(browser, By.PARTIAL_LINK_TEXT, "more time").click()
        find(browser, By.XPATH, "//button[text()='Take back']").click()
        wait_for_text(browser, "bob has no extension for ps4")
        assert lesson.call("GET", address, TEACHER)["extensions"] == []
        find(browser, By.LINK_TEXT, "change the dates").click()
        find(browser, By.PARTIAL_LINK_TEXT, "30 minutes").click()
        find(browser, By.CSS_SELECTOR, "main form button.main").click()
        wait_for_text(browser, "would be in time")
        find(browser, By.CSS_SELECTOR, "button[value=set]").click()
        wait_for_text(browser, "The dates of ps4 are set")
    finally:
        browser.execute_cdp_cmd(
            "Emulation.setScriptExecutionDisabled", {"value": False}
        )


def test_the_class_shows_new_submissions_by_itself(
    server: Standalone, lesson: Lesson, browser: Chrome
) -> None:
    open_as(browser, server, TEACHER, "c/algebra/a/ps3")
    # The page replaces these elements, so a script reads them.
    number = "return document.querySelector('.tiles b').textContent"
    first = int(browser.execute_script(number))
    lesson.submit("ps3", "bob", {"problem1.ipynb": b"{}"})
    wait_for(browser, lambda page: page.execute_script(number) == str(first + 1))
    field = find(browser, By.ID, "find")
    find(browser, By.TAG_NAME, "body").send_keys("/")
    assert browser.switch_to.active_element == field
    field.send_keys("çelik")
    shown = browser.find_elements(By.CSS_SELECTOR, "#class tbody tr:not([hidden])")
    assert len(shown) == 1
    field.send_keys(Keys.CONTROL, "a")
    field.send_keys(Keys.DELETE)


def test_the_live_part_is_small_and_changes_only_with_the_course(
    server: Standalone, lesson: Lesson
) -> None:
    opened = session(TEACHER)
    page = opened.get(f"{server.url}/c/{COURSE}/a/ps1", timeout=30).text
    token = re.search(r'name="reading-token" content="([^"]+)"', page)[1]
    address = f"{server.url}/live/{COURSE}/ps1"
    assert opened.get(address, timeout=30).status_code == 401
    headers = {"X-CSRF-Token": token}
    tags = []
    for _ in range(5):
        first = opened.get(address, headers=headers, timeout=30)
        assert first.status_code == 200
        known = headers | {"If-None-Match": first.headers["ETag"]}
        again = opened.get(address, headers=known, timeout=30)
        tags.append(again.status_code)
    # The tag changes with the minute, at most once in these requests.
    assert tags.count(304) >= 4 and {304, 200} >= set(tags), tags
    lesson.submit("ps1", "bob", {"problem1.ipynb": b"{}"})
    assert opened.get(address, headers=known, timeout=30).status_code == 200


def test_a_form_of_another_page_changes_nothing(
    server: Standalone, lesson: Lesson
) -> None:
    opened = session(TEACHER)
    address = f"{server.url}/c/{COURSE}/a/ps4/more-time"
    page = opened.get(address, timeout=30).text
    reading = re.search(r'name="reading-token" content="([^"]+)"', page)[1]
    other = session(ADMIN).get(address, timeout=30).text
    foreign = re.search(r'name="csrf_token" value="([^"]+)"', other)[1]
    fields = {"who": "ada", "by": "days", "days": "1"}
    for token in (None, "", reading, foreign):
        sent = fields if token is None else fields | {"csrf_token": token}
        reply = opened.post(address, data=sent, timeout=30)
        assert reply.status_code == 403, token
        assert "Nothing was changed" in reply.text
    right = re.search(r'name="csrf_token" value="([^"]+)"', page)[1]
    evil = {"Origin": "https://evil.example"}
    reply = opened.post(
        address, data=fields | {"csrf_token": right}, headers=evil, timeout=30
    )
    assert reply.status_code == 403
    where = f"v1/courses/{COURSE}/assignments/ps4/extensions"
    assert lesson.call("GET", where, TEACHER)["extensions"] == []


def test_dates_that_cannot_be_come_back_with_the_reason(
    server: Standalone, lesson: Lesson
) -> None:
    opened = session(TEACHER)
    address = f"{server.url}/c/{COURSE}/a/ps4/dates"
    page = opened.get(address, timeout=30).text
    fields = dict(re.findall(r'name="([\w-]+)" value="([^"]*)"', page))
    fields.pop("reading-token", None)
    wrong = fields | {"due-date": "2027-02-30", "step": "set"}
    reply = opened.post(address, data=wrong, timeout=30)
    assert reply.status_code == 400
    assert "This is no date and time" in reply.text and "2027-02-30" in reply.text
    stale = fields | {"was": "1 2 3", "step": "set"}
    stale |= {"opens-none": "on"}
    reply = opened.post(address, data=stale, timeout=30)
    assert reply.status_code == 409, reply.text
    assert "changed meanwhile" in reply.text


def test_names_of_every_kind_stay_names(
    server: Standalone, lesson: Lesson, browser: Chrome
) -> None:
    for path, name in [("c/algebra/a/ps3", TEACHER), ("c/algebra/everybody", TEACHER)]:
        open_as(browser, server, name, path)
        assert browser.title != "hit"
        assert "<img src=x" in text(browser)
        assert "نور" in text(browser)
    assert "x'\"<b>" in STUDENTS


def test_an_instructor_adds_and_removes_a_person_and_restores_a_submission(
    server: Standalone, lesson: Lesson, browser: Chrome
) -> None:
    open_as(browser, server, TEACHER, "c/algebra/people")
    find(browser, By.TAG_NAME, "summary").click()
    find(browser, By.ID, "username").send_keys("zoe")
    find(browser, By.ID, "last-name").send_keys("Zimmer")
    find(browser, By.CSS_SELECTOR, "main form button.main").click()
    wait_for_text(browser, "zoe is in the course, as student.")
    assert "Zimmer" in text(browser)
    find(browser, By.CSS_SELECTOR, "button[name=who][value=zoe]").click()
    find(browser, By.CSS_SELECTOR, "button.danger").click()
    wait_for_text(browser, "zoe was removed from the roster.")
    assert "Zimmer" not in text(browser)
    number = lesson.submit("ps2", "bob", {"problem1.ipynb": b"{}"})
    lesson.call("DELETE", f"v1/courses/{COURSE}/submissions/{number}", TEACHER)
    open_as(browser, server, TEACHER, "c/algebra/trash")
    find(browser, By.CSS_SELECTOR, f"button[value='submission {number}']").click()
    wait_for_text(browser, "A submission of bob to ps2 was restored.")
    assert lesson.submissions("bob")
    open_as(browser, server, TEACHER, "c/algebra/activity")
    said = text(browser)
    assert "ira restored a submission of bob to ps2" in said
    assert "ira removed zoe from the roster" in said


def test_an_administrator_walks_through_the_pages_of_the_manual(
    server: Standalone, lesson: Lesson, browser: Chrome
) -> None:
    manual = (DOCS / "operators.md").read_text("utf-8")
    _, section = manual.split("\n## In a browser\n")
    section, *_ = section.split("\n## ")
    named = re.findall(r"^- \*\*([^*]+)\*\*", section, re.MULTILINE)
    open_as(browser, server, ADMIN, "")
    find(browser, By.LINK_TEXT, "Administration").click()
    tabs = find(browser, By.CSS_SELECTOR, "ul.tabs").text.splitlines()
    assert named == tabs
    for name in named:
        find(browser, By.LINK_TEXT, name).click()
        wait_for(browser, lambda page: page.find_element(By.TAG_NAME, "h1").text == name)
        assert browser.title.startswith(name), browser.title
    find(browser, By.LINK_TEXT, "Courses").click()
    find(browser, By.TAG_NAME, "summary").click()
    find(browser, By.ID, "course").send_keys("logic")
    find(browser, By.ID, "instructors").send_keys(f"{TEACHER}\nirra")
    find(browser, By.CSS_SELECTOR, "main form button.main").click()
    wait_for_text(browser, "The course logic is there.")
    assert "not seen these names before: irra." in text(browser)
    find(browser, By.LINK_TEXT, "Submissions").click()
    wait_for(browser, lambda page: "sort=submissions" in page.current_url)
    first = find(browser, By.CSS_SELECTOR, "#courses tbody th").text
    assert first == COURSE
    lesson.call("DELETE", "course/logic", ADMIN)
    find(browser, By.LINK_TEXT, "Trash").click()
    find(browser, By.CSS_SELECTOR, "button[name=course]").click()
    wait_for_text(browser, "It was restored.")
    find(browser, By.LINK_TEXT, "Activity").click()
    wait_for_text(browser, "root restored the course")
    lesson.call("DELETE", "course/logic", ADMIN)


def test_the_state_shows_new_numbers_by_itself(
    server: Standalone, lesson: Lesson, browser: Chrome
) -> None:
    open_as(browser, server, ADMIN, "admin")
    # The number of people. That of submissions is one of five minutes, so it also falls.
    number = "return document.querySelectorAll('.tiles b')[1].textContent"
    first = int(browser.execute_script(number))
    roster = f"v1/courses/{COURSE}/roster"
    lesson.call("PUT", roster, ADMIN, {"people": [{"username": "nina", "role": "student"}]})
    wait_for(browser, lambda page: int(page.execute_script(number)) > first, LIVE_LIMIT_S)
    lesson.call("DELETE", f"{roster}/nina", ADMIN)
