"""Stories of whole evenings at the pages, at a real hub: with scripts, without scripts, and by the keyboard alone."""

import json
import re
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from pathlib import Path

import nbformat
import pytest
import requests
from browser import log_in, picture, start_browser, text_of
from crowd import LIMIT_S, TEACHER, Crowd
from hands import WAYS, Hands, WithoutScripts, hands
from hub import ADMIN, Hub
from lesson import GERMAN
from material import NOTEBOOK, source_tree
from nbformat.v4 import new_code_cell, new_markdown_cell
from pages import find, wait_for
from people import Person
from plugin_person import PluginPerson
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from trees import read_tree, write_tree

STUDENTS = 1000
AT_ONCE = 64
# The first students of the class submit. Ada's work is too large, and she has a name that the teacher looks for.
SUBMITTING = [f"s{number:03}" for number in range(AT_ONCE)]
ADA = "ada"
EVENING = "algebra"
TILES = "return [...document.querySelectorAll('.tiles b')].map((each) => each.textContent.replace(/\\D/g, ''))"
PHONE = {"width": 360, "height": 740, "deviceScaleFactor": 2, "mobile": True}
HOSTILE = "<script>document.title = 'hit'</script>"


@pytest.fixture(scope="module")
def hub(
    binary: Path, cache: Path, proxy: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Hub]:
    """A hub whose exchange refuses files of more than 5 MB."""
    directory = tmp_path_factory.mktemp("hub")
    options = {"TEST_SERVE_OPTIONS": "--max-file-size=5 MB"}
    running = Hub(cache / "hub6", proxy, binary, directory, options)
    PluginPerson.binary = binary
    running.person_class = PluginPerson
    running.add_user(ADMIN)
    yield running
    running.stop()
    assert not running.service_answers(), "the hub ended and left nbcourier behind"


@pytest.fixture(scope="module")
def tokens(hub: Hub) -> dict[str, str]:
    """The tokens of the people who send requests."""
    hub.add_users([TEACHER, ADA, *SUBMITTING])
    return {name: hub.token(name) for name in [ADMIN, TEACHER, ADA, *SUBMITTING]}


@pytest.fixture
def open_browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], Chrome]]:
    """Opens a browser of a person who has not logged in."""
    opened: list[Chrome] = []

    def open_one() -> Chrome:
        profile = tmp_path_factory.mktemp("profile")
        opened.append(start_browser(profile, "--accept-lang=en"))
        return opened[-1]

    yield open_one
    for each in opened:
        each.quit()


def minutes_from_now(minutes: int) -> str:
    """Returns a time without seconds, as the forms have it."""
    at = datetime.now(timezone.utc) + timedelta(minutes=minutes)
    return at.replace(second=0, microsecond=0).isoformat()


def logged_in(browser: Chrome, hub: Hub, name: str, path: str) -> None:
    """Logs in at the hub, whose form is not ours, and is at the page."""
    log_in(browser, hub, name, f"{hub.service_url}/{path}")


def until_tiles(person: Hands, expected: dict[int, str]) -> None:
    """Waits until tiles of the board show these numbers, which a page with scripts requests by itself."""

    def are_there(page: Chrome) -> bool:
        if isinstance(person, WithoutScripts):
            page.refresh()
        shown = page.execute_script(TILES)
        return all(shown[place] == number for place, number in expected.items())

    wait_for(person.browser, are_there)


@pytest.mark.parametrize("way", WAYS)
def test_a_thousand_students_have_four_minutes_left_and_one_needs_more(
    hub: Hub,
    tokens: dict[str, str],
    open_browser: Callable[[], Chrome],
    screenshots: Path,
    way: str,
) -> None:
    crowd = Crowd(hub, f"{EVENING} {way}", tokens)
    ada = {"username": ADA, "first_name": "Ada", "last_name": "Lovelace"}
    others = [f"s{number:03}" for number in range(STUDENTS - 1)]
    names = [{"username": name, "last_name": f"Student {name}"} for name in others]
    crowd.make([ada, *names])
    dates = {"due_at": minutes_from_now(4), "cutoff_at": minutes_from_now(3000)}
    crowd.release("ps10", {"problem1.ipynb": b"{}"}, dates)
    assignment = f"{crowd.path}/assignments/ps10"

    def extensions() -> list[str]:
        found = crowd.call("GET", f"{assignment}/extensions", TEACHER)
        return [each["student"] for each in found["extensions"]]

    def due() -> str:
        (found,) = crowd.call("GET", f"{crowd.path}/assignments", TEACHER)["assignments"]
        return found["due_at"]

    browser = open_browser()
    logged_in(browser, hub, TEACHER, crowd.page)
    with hands(browser, way) as ira, ThreadPoolExecutor(1) as others_meanwhile:

        def meanwhile() -> Future[None]:
            return others_meanwhile.submit(crowd.submit_at_once, "ps10", SUBMITTING)

        browser.refresh()
        ira.link("ps10")
        ira.see("not yet")
        until_tiles(ira, {0: "0", 1: str(STUDENTS)})

        # All submit while she looks at the board. The board follows.
        first = meanwhile()
        until_tiles(ira, {0: str(AT_ONCE), 1: str(STUDENTS - AT_ONCE)})
        first.result(LIMIT_S)
        picture(browser, screenshots / "stories", f"board {way}")

        # A mail from Ada: she cannot submit. Her work is too large.
        with pytest.raises(AssertionError, match="413"):
            crowd.submit("ps10", ADA, {"problem1.ipynb": b"x" * 6_000_000})
        second = meanwhile()
        board = browser.current_url
        ira.find_row("lovelace")
        ira.see("1 shown")
        ira.link("Lovelace, Ada")
        ira.see("This is the page of ada")
        ira.link(crowd.name)
        ira.link("Activity")
        ira.see("A submission of ada to ps10 was refused")
        second.result(LIMIT_S)

        # She gets two days more, which is taken back, and given again.
        browser.get(board)
        ira.find_row("lovelace")
        ira.tick("who", ADA)
        ira.button("Give more time")
        ira.fill("days", "2")
        ira.button("Give more time")
        ira.see("ada has more time for ps10")
        assert extensions() == [ADA]
        ira.button("Undo")
        ira.see("This was taken back:")
        assert extensions() == []
        ira.button("Undo")
        ira.see("ada has more time for ps10")
        assert extensions() == [ADA]

        # The hub is slow. Everybody gets half an hour, while they submit again.
        before = due()
        third = meanwhile()
        ira.link("change the dates")
        ira.link("30 minutes later")
        ira.button("See the consequences")
        ira.see("would be in time")
        assert due() == before
        ira.button("Set these dates")
        ira.see("The dates of ps10 are set")
        moved = datetime.fromisoformat(due()) - datetime.fromisoformat(before)
        assert moved == timedelta(minutes=30)
        third.result(LIMIT_S)
        ira.button("Undo")
        ira.see("This was taken back:")
        assert due() == before

        # Who has not?
        ira.choose("show", "not submitted yet")
        ira.button("Show")
        ira.see(f"{STUDENTS - AT_ONCE} shown")
        picture(browser, screenshots / "stories", f"not yet {way}")

    # Nobody's work is lost, and the tiles say what programs see.
    found = crowd.submissions("ps10")
    assert len(crowd.receipts) == 3 * AT_ONCE
    assert {each["id"] for each in found} == {each["id"] for each in crowd.receipts}
    assert {each["student"] for each in found} == set(SUBMITTING)
    tiles = browser.execute_script(TILES)
    assert tiles[:2] == [str(AT_ONCE), str(STUDENTS - AT_ONCE)]


def graded(hub: Hub, crowd: Crowd, students: list[str]) -> Person:
    """Lets the real nbgrader release an assignment, and collect and grade the work of the students. Returns the teacher."""
    teacher = hub.person(TEACHER)
    teacher.env["NBCOURIER_URL"] = hub.service_url

    def run(command: str, assignment: str = "ps1") -> None:
        teacher.nbgrader(command, assignment, f"--course={crowd.name}")

    source = source_tree()[f"{NOTEBOOK}.ipynb"]
    for assignment in ("ps1", "ps2"):
        write_tree(teacher.home / "source" / assignment, {f"{NOTEBOOK}.ipynb": source})
        run("generate_assignment", assignment)
        run("release_assignment", assignment)
    released = read_tree(teacher.home / "release" / "ps1")
    notebook = nbformat.reads(released[f"{NOTEBOOK}.ipynb"].decode(), as_version=4)
    show = f"from IPython.display import HTML, display\ndisplay(HTML({HOSTILE!r}))"
    notebook.cells += [new_code_cell(show), new_markdown_cell("So $x^2$ is the square.")]
    for student in students:
        answer = {f"{NOTEBOOK}.ipynb": nbformat.writes(notebook).encode()}
        crowd.submit("ps1", student, answer)
    for command in ("collect", "autograde", "generate_feedback", "release_feedback"):
        run(command)
    return teacher


@pytest.fixture(scope="module")
def evening(hub: Hub, tokens: dict[str, str]) -> Crowd:
    """A course whose first assignment was graded by nbgrader, and whose second one is due."""
    crowd = Crowd(hub, "evening", tokens)
    students = SUBMITTING[: len(WAYS)]
    crowd.make([{"username": name} for name in students])
    graded(hub, crowd, students)
    dates = {"due_at": minutes_from_now(10), "cutoff_at": minutes_from_now(3000)}
    crowd.call("PUT", f"{crowd.path}/assignments/ps2/dates", TEACHER, dates)
    return crowd


@pytest.mark.parametrize("way", WAYS)
def test_a_student_submits_on_a_phone_and_reads_her_feedback(
    hub: Hub,
    evening: Crowd,
    binary: Path,
    open_browser: Callable[[], Chrome],
    screenshots: Path,
    tmp_path: Path,
    way: str,
) -> None:
    student = SUBMITTING[list(WAYS).index(way)]
    work = tmp_path / f"{NOTEBOOK}.ipynb"
    work.write_text(json.dumps({"cells": [], "metadata": {"by": student}}))
    browser = open_browser()
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", PHONE)
    allowed = {"behavior": "allow", "downloadPath": str(tmp_path)}
    browser.execute_cdp_cmd("Browser.setDownloadBehavior", allowed)
    logged_in(browser, hub, student, "")
    with hands(browser, way) as ada:
        browser.refresh()
        # What is due? She has not submitted, and her notebook server does not start.
        ada.see("Due next")
        ada.link("ps2")
        ada.see("You have not submitted yet.")
        picture(browser, screenshots / "stories", f"phone not yet {way}")
        ada.link("Submit by uploading files")
        ada.see(f"The assignment has these notebooks: {NOTEBOOK}.ipynb")
        ada.button("Submit")
        ada.see("No files were chosen. Choose the files of your work.")
        ada.files("files", work)
        ada.button("Submit")
        ada.see("Keep the receipt")
        assert "this one counts" in text_of(browser)
        picture(browser, screenshots / "stories", f"phone submitted {way}")
        ada.download("receipt.json")
        wait_for(browser, lambda _: list(tmp_path.glob("receipt-*.json")))
        ada.link("ps2")
        ada.see("You have submitted.")
        assert "not submitted yet" not in text_of(browser)

        # Feedback of nbgrader, with a script of a cell's output. Nothing of it runs.
        ada.link("My courses")
        ada.see("New feedback")
        ada.link("ps1 (evening)")
        ada.see(f"{NOTEBOOK}.html")
        ada.tab("Read")
        ada.see("So $x^2$ is the square.")
        assert HOSTILE in browser.page_source, "the output is there as it was"
        assert browser.title != "hit" and "/view/" in browser.current_url
        picture(browser, screenshots / "stories", f"phone feedback {way}")
        ada.close()
        ada.tab("Read with formulas")
        if way != "no scripts":
            wait_for(browser, lambda page: page.find_elements(By.CSS_SELECTOR, ".katex"))
        assert browser.title != "hit" and "/view/" in browser.current_url
        ada.close()

    # The program confirms the receipt, and the exchange has the file as it was.
    at_home = hub.person(student)
    at_home.env["NBCOURIER_URL"] = hub.service_url
    (receipt,) = tmp_path.glob("receipt-*.json")
    verified = at_home.attempt("nbcourier", "receipt", "verify", str(receipt))
    assert verified.code == 0 and "genuine" in verified.text, str(verified)
    number = json.loads(receipt.read_text())["receipt"]["id"]
    stored = requests.get(
        f"{hub.service_url}/{evening.page}/s/{number}/files/{NOTEBOOK}.ipynb",
        cookies={each["name"]: each["value"] for each in browser.get_cookies()},
        timeout=30,
    )
    assert stored.content == work.read_bytes()


@pytest.fixture(scope="module")
def newcomer(hub: Hub) -> Person:
    """A person of the spreadsheet, who is not in a course yet."""
    hub.add_users(["kpe1"])
    person = hub.person("kpe1")
    person.env["NBCOURIER_URL"] = hub.service_url
    return person


@pytest.mark.parametrize("way", WAYS)
def test_a_teacher_enrols_people_from_a_spreadsheet_and_takes_it_back(
    hub: Hub,
    tokens: dict[str, str],
    newcomer: Person,
    open_browser: Callable[[], Chrome],
    screenshots: Path,
    tmp_path: Path,
    way: str,
) -> None:
    crowd = Crowd(hub, f"roster {way}", tokens)
    crowd.make([{"username": ADA, "first_name": "Ada", "last_name": "Lovelace"}])
    crowd.release("ps1", {"problem1.ipynb": b"{}"}, {})
    # As Excel writes it in Germany.
    listed = tmp_path / "Klasse.csv"
    listed.write_bytes(GERMAN.replace("\n", "\r\n").encode("cp1252"))

    def roster() -> dict[str, dict]:
        found = crowd.call("GET", f"{crowd.path}/roster", TEACHER)["people"]
        return {each["username"]: each for each in found}

    before = roster()
    browser = open_browser()
    logged_in(browser, hub, TEACHER, crowd.page)
    with hands(browser, way) as ira:
        browser.refresh()
        ira.link("People")
        ira.link("Add people from a file")
        ira.files("file", listed)
        ira.button("Look at the changes")
        ira.see("3 lines cannot be used")
        said = text_of(browser)
        assert "Line 3: The letters of mül2 are a guess" in said
        assert "Line 5: The user name is missing." in said
        assert "Line 6: ira teaches this course" in said
        assert 'Zoé "Zo"; die Zweite Großmann' in said
        picture(browser, screenshots / "stories", f"roster {way}")
        add = re.search(r"Add \d+, change \d+", said)[0]
        ira.button(add)
        ira.see("choose to leave them out")
        assert roster() == before, "all or nothing"
        ira.tick("leave-out", "")
        ira.button(add)
        ira.see("The roster is changed: 3 added, 1 changed.")
        after = roster()
        assert set(after) - set(before) == {"kpe1", "zo3", "hana"}
        assert after["ada"]["email"] == "ada@new.example"

        # nbgrader knows a person who came, until it is taken back.
        asked = ("nbgrader", "list", f"--course={crowd.name}")
        assert f"{crowd.name} ps1" in newcomer.attempt(*asked).text
        ira.button("Undo")
        ira.see("This was taken back:")
        assert roster() == before
        assert f"{crowd.name} ps1" not in newcomer.attempt(*asked).text
