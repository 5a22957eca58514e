"""Work on notebooks: what a Jupyter server sees and reports."""

import asyncio
import json
import logging
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from course import Course, PluginPerson, PluginStandalone
from front import Front
from nbcourier.activity_diary import LONGEST_RUN_S, MOST_WAITING, Diary, Session
from nbcourier.activity_folders import Folders
from nbcourier.activity_reporter import ASK_AGAIN_S, MOST_ITEMS, Reporter
from nbcourier.errors import CourierError, Unreachable
from notebook_server import NotebookServer

WAIT_S = 120
POLL_S = 0.05
HOUR_S = 3600
# Some evening, at the beginning of a minute.
EVENING = 1_800_000_000.0
NOTEBOOK = "algebra/ps1/p1.ipynb"


def becomes(is_so: Callable[[], bool]) -> bool:
    end = time.monotonic() + WAIT_S
    while time.monotonic() < end:
        if is_so():
            return True
        time.sleep(POLL_S)
    return False


def kinds(diary: Diary) -> dict[str, int]:
    """Returns how often each kind of work was seen, and forgets it."""
    seen = [work.kind for work in diary.waiting]
    diary.waiting.clear()
    return {kind: seen.count(kind) for kind in set(seen)}


def night(diary: Diary, is_busy: bool, autosaves: bool) -> dict[str, int]:
    """Looks at one session each minute for fourteen hours."""
    seen: dict[str, int] = {}
    for minute in range(14 * 60):
        now = EVENING + minute * 60 + 30
        ran_at = str(minute) if is_busy else "evening"
        diary.look([Session("one", NOTEBOOK, is_busy, ran_at)], now)
        if autosaves and minute % 2 == 0:
            diary.save(NOTEBOOK, now)
        for kind, number in kinds(diary).items():
            seen[kind] = seen.get(kind, 0) + number
    return seen


def test_a_tab_that_is_left_open_overnight_is_no_work() -> None:
    assert night(Diary(), is_busy=False, autosaves=False) == {"open": 1}


def test_a_run_of_a_night_that_saves_its_output_is_work_of_an_hour() -> None:
    seen = night(Diary(), is_busy=True, autosaves=True)
    assert seen["open"] == 1
    assert seen["minutes"] <= LONGEST_RUN_S // 60 + 1
    assert seen["save"] == 14 * 30


def test_a_minute_counts_once_whether_the_notebook_ran_or_was_saved() -> None:
    diary = Diary()
    diary.look([Session("one", NOTEBOOK, False, "a")], EVENING)
    assert kinds(diary) == {"open": 1}
    # Three saves and two runs in one minute, seen by several looks.
    for second, ran_at in enumerate(["b", "b", "c"], 1):
        diary.save(f"/{NOTEBOOK}", EVENING + second)
        diary.look([Session("one", NOTEBOOK, False, ran_at)], EVENING + second)
    assert kinds(diary) == {"save": 3, "minutes": 1}
    diary.look([Session("one", NOTEBOOK, False, "d")], EVENING + 60)
    diary.look([Session("one", NOTEBOOK, False, "d")], EVENING + 120)
    assert kinds(diary) == {"minutes": 1}
    # After a long run and an idle moment, work counts again.
    for minute in range(100):
        busy = Session("one", NOTEBOOK, True, "e")
        diary.look([busy], EVENING + HOUR_S + minute * 60)
    kinds(diary)
    diary.look([Session("one", NOTEBOOK, False, "f")], EVENING + 3 * HOUR_S)
    assert kinds(diary) == {"minutes": 1}


def test_a_notebook_whose_kernel_starts_is_opened_under_its_own_name() -> None:
    diary = Diary()
    # JupyterLab names the session by a random number until the kernel has started.
    starting = "algebra/ps1/794a2055-30fb-480e-94d9-bc15d6b34085"
    for path, ran_at in ((starting, "a"), (starting, "b"), (NOTEBOOK, "c"), (NOTEBOOK, "c")):
        diary.look([Session("one", path, False, ran_at)], EVENING)
    assert [(work.kind, work.path) for work in diary.waiting] == [("open", NOTEBOOK)]


def test_the_start_of_a_kernel_is_no_work() -> None:
    diary = Diary()
    # It starts twice, since the person restarts it.
    for ran_at in (None, None, "a", "a", None, "b"):
        diary.look([Session("one", NOTEBOOK, False, ran_at)], EVENING)
    assert kinds(diary) == {"open": 1}
    diary.look([Session("one", NOTEBOOK, False, "c")], EVENING)
    assert kinds(diary) == {"minutes": 1}


def test_other_files_are_no_work_and_only_so_much_waits() -> None:
    diary = Diary()
    diary.save("algebra/secret.txt", EVENING)
    assert kinds(diary) == {}
    for number in range(3 * MOST_WAITING):
        diary.save(f"{number}.ipynb", EVENING)
    assert len(diary.waiting) == MOST_WAITING
    assert diary.waiting[-1].path == f"{3 * MOST_WAITING - 1}.ipynb"
    diary.waiting.clear()
    diary.save("RTC:algebra/a.ipynb", EVENING)
    assert diary.waiting[0].path == "algebra/a.ipynb"


def test_a_notebook_is_of_the_course_whose_folder_it_is_in(tmp_path: Path) -> None:
    home, root = tmp_path, tmp_path / "work"
    (home / ".nbcourier").mkdir()
    noted = home / ".nbcourier" / "deliveries.json"
    listed = [
        {"owner": "course:algebra", "folder": "work/material"},
        {"owner": "course:other", "folder": "work/elsewhere"},
        {"owner": "eve", "folder": "work/hers"},
        {"owner": 1, "folder": None},
    ]
    noted.write_text(json.dumps({"deliveries": listed}))
    folders = Folders(root, home)
    counting = {"algebra": {"ps1", "ps2"}, "maths": {"ps2"}}
    for path, found in {
        "algebra/ps1/p1.ipynb": ("algebra", "algebra/ps1/p1.ipynb"),
        "ps1/p1.ipynb": ("algebra", "ps1/p1.ipynb"),
        "ps2/p1.ipynb": None,
        "material/unit/a.ipynb": ("algebra", "work/material/unit/a.ipynb"),
        "elsewhere/a.ipynb": None,
        "hers/a.ipynb": None,
        "diary/a.ipynb": None,
        "algebra": None,
        "": None,
    }.items():
        assert folders.places([path], counting) == [found], path
    for broken in (b"", b"[1]", b"{", b'{"deliveries": 3}', b"[" * 100_000, b"\xff"):
        noted.write_bytes(broken)
        assert folders.places(["material/a.ipynb"], counting) == [None]


class Exchange:
    """An exchange that answers as it is told."""

    def __init__(self, courses: dict[str, set[str]]) -> None:
        self.courses = courses
        self.asked = 0
        self.reports: list[list[dict[str, Any]]] = []
        self.fails: CourierError | None = None

    def counting(self) -> dict[str, set[str]]:
        self.asked += 1
        return self.courses

    def report(self, items: list[dict[str, Any]]) -> None:
        self.reports.append(items)
        if self.fails is not None:
            raise self.fails


def reporter(exchange: Exchange, diary: Diary, home: Path) -> Callable[[float], None]:
    """Returns what sends the work that waits, at a time."""
    log = logging.getLogger("server")
    made = Reporter(diary, exchange, Folders(home, home), log)
    return lambda now: asyncio.run(made.report(now))


def test_nothing_is_asked_without_work_and_nothing_is_reported_of_other_courses(
    tmp_path: Path,
) -> None:
    exchange, diary = Exchange({}), Diary()
    send = reporter(exchange, diary, tmp_path)
    send(EVENING)
    assert exchange.asked == 0
    for minute in range(30):
        diary.save(NOTEBOOK, EVENING + 60 * minute)
        send(EVENING + 60 * minute)
    assert (exchange.asked, exchange.reports, len(diary.waiting)) == (1, [], 0)
    # The course turns it on.
    exchange.courses = {"algebra": set()}
    diary.save(NOTEBOOK, EVENING + ASK_AGAIN_S)
    diary.save("diary/a.ipynb", EVENING + ASK_AGAIN_S)
    send(EVENING + ASK_AGAIN_S)
    (items,) = exchange.reports
    assert [item["kind"] for item in items] == ["save", "minutes"]
    at = "2027-01-15T09:00:00+00:00"
    assert items[0] == {"course": "algebra", "path": NOTEBOOK, "kind": "save", "at": at}


def test_work_waits_while_the_exchange_is_away_and_no_work_is_sent_twice(
    tmp_path: Path,
) -> None:
    exchange, diary = Exchange({"algebra": set()}), Diary()
    send = reporter(exchange, diary, tmp_path)
    away = Unreachable("nobody is there")
    away.untouched = True
    exchange.fails = away
    for number in range(300):
        diary.save(f"algebra/{number}.ipynb", EVENING)
    before = list(diary.waiting)
    send(EVENING)
    assert list(diary.waiting) == before, "in the same order"
    exchange.fails = None
    send(EVENING)
    send(EVENING)
    sizes = [len(items) for items in exchange.reports]
    assert sizes == [MOST_ITEMS] * 3, "one request each time"
    # The reply is lost: it may have been counted.
    exchange.fails = Unreachable("the reply broke off")
    waiting = len(diary.waiting)
    send(EVENING)
    assert len(diary.waiting) == waiting - MOST_ITEMS


def test_no_file_is_read_where_the_server_would_wait(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    exchange, diary = Exchange({"algebra": set()}), Diary()
    threads, read = [], Folders._delivered

    def delivered(folders: Folders) -> dict[str, str]:
        threads.append(threading.get_ident())
        return read(folders)

    monkeypatch.setattr(Folders, "_delivered", delivered)
    for number in range(MOST_ITEMS):
        diary.save(f"algebra/{number}.ipynb", EVENING)
    reporter(exchange, diary, tmp_path)(EVENING)
    assert len(exchange.reports[0]) == MOST_ITEMS
    # Once for all of them, and not on the thread of the server's loop.
    assert len(threads) == 1
    assert threads[0] != threading.get_ident()


Start = Callable[..., NotebookServer]
EMPTY = {"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts the notebook server of a person, which reports often to the exchange at an address."""
    servers = []

    def started(url: str, person: PluginPerson, *courses: Course, **settings: bool) -> NotebookServer:
        config = person.home / ".jupyter" / "jupyter_server_config.py"
        given = {"url": url, "activity_every": 0.2} | settings
        lines = [f"c.NbCourier.{name} = {value!r}" for name, value in given.items()]
        config.write_text("\n".join(["c = get_config()", *lines]))
        for course in courses:
            notebook = person.home / course.name / "ps1" / "p1.ipynb"
            notebook.parent.mkdir(parents=True)
            notebook.write_text(json.dumps(EMPTY))
        servers.append(NotebookServer(person, courses[0].name))
        return servers[-1]

    yield started
    for server in servers:
        said = server.stop()
        assert "Traceback" not in said, said


def turn_on(course: Course) -> None:
    path = f"v1/courses/{course.name}/settings"
    course.instructor.put_json(path, {"activity": True})


def save(server: NotebookServer, course: Course) -> None:
    path = f"api/contents/{course.name}/ps1/p1.ipynb"
    saved = server.ask("PUT", path, {"type": "notebook", "content": EMPTY})
    assert saved.ok, saved.text


def opened(server: NotebookServer, course: Course) -> None:
    session = {
        "path": f"{course.name}/ps1/p1.ipynb",
        "name": "p1.ipynb",
        "type": "notebook",
        "kernel": {"name": "python3"},
    }
    reply = server.ask("POST", "api/sessions", session)
    assert reply.status_code == 201, reply.text
    server.wait_for_kernel(reply.json()["kernel"]["id"])


def figures(course: Course, by: str = "student") -> list[tuple[str, int, int, int]]:
    path = f"v1/courses/{course.name}/activity"
    listed = course.instructor.get(path, by=by)["activity"]
    key = {"notebook": "path"}.get(by, by)
    return [
        (each[key], each["opens"], each["saves"], each["students"]) for each in listed
    ]


def test_the_figures_of_a_course_are_what_its_students_did(
    service: PluginStandalone, start: Start
) -> None:
    course = Course(service, 1001)
    turn_on(course)
    ada, bob = course.first, course.second
    hers, his = start(course.url, ada, course), start(course.url, bob, course)
    opened(hers, course)
    save(hers, course)
    save(hers, course)
    opened(his, course)
    done = [(ada.name, 1, 2, 1), (bob.name, 1, 0, 1)]
    assert becomes(lambda: figures(course) == done), figures(course)
    notebook = f"{course.name}/ps1/p1.ipynb"
    assert figures(course, "notebook") == [(notebook, 2, 2, 2)]
    own = bob.get(f"v1/courses/{course.name}/activity", by="student")["activity"]
    assert [each["student"] for each in own] == [bob.name]
    # What is open stays one opening.
    for _ in range(5):
        save(hers, course)
    assert becomes(lambda: figures(course)[0][2] == 7), figures(course)
    assert figures(course)[0][1] == 1


@pytest.fixture
def watched(service: PluginStandalone) -> Iterator[Front]:
    """A proxy between a person and the service."""
    running = Front(service.url)
    yield running
    running.stop()


def test_a_course_without_the_switch_is_not_reported(
    service: PluginStandalone, start: Start, watched: Front
) -> None:
    course, other = Course(service, 1002), Course(service, 1003)
    turn_on(other)
    names = {"first_name": "", "last_name": "", "email": ""}
    other.instructor.post(f"student/{other.name}/{course.first.name}", **names)
    server = start(watched.url, course.first, course, other)
    save(server, course)
    assert becomes(lambda: bool(watched.below("/v1/activity")))
    save(server, course)
    # This one is reported, after those before.
    save(server, other)
    done = [(f"{other.name}/ps1/p1.ipynb", 0, 1, 1)]
    assert becomes(lambda: figures(other, "notebook") == done)
    assert figures(course, "notebook") == []
    asked = [asked.method for asked in watched.below("/v1/activity")]
    assert asked == ["GET", "POST"]


def test_a_person_who_does_not_want_it_is_not_reported(
    service: PluginStandalone, start: Start, watched: Front
) -> None:
    course = Course(service, 1004)
    turn_on(course)
    server = start(watched.url, course.first, course, report_activity=False)
    save(server, course)
    assert watched.below("/v1/activity") == []
