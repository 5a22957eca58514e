"""The commands for a class through the plugin, beside nbgrader's own exchange on a directory of the same disk.

A single host would use a directory instead of nbcourier. nbgrader's starting time is part of both: this is what an
instructor waits for.
"""

import datetime
import os
import shutil
import time
from pathlib import Path

from bench import Bench
from figures import Figure
from seed import BEGIN, DATA, NOTEBOOK, Class, fill
from servers import Broken, Server
from wire import student

from .clients import OURS, Client, nbgrader

CLASSES = (300, 1000)
FEW = (100,)
OWN_EXCHANGE = "nbgrader's own exchange"
OWN = Client("""\
c = get_config()
c.Exchange.root = {url!r}
c.ExchangeCollect.check_owner = False
c.CourseDirectory.course_id = {course!r}
""")
PAGE = b"<html>" + b" " * 8 * 1024


def measure(bench: Bench) -> None:
    """List, collect and release feedback for classes of two sizes."""
    for students in FEW if bench.quick else CLASSES:
        lesson = Class("school", students=students, submissions=students)
        figures = {
            command: bench.figure(
                f"{command} for {students:,} students",
                "s",
                better="less",
                wanted=wanted,
                beside=OWN_EXCHANGE,
            )
            for command, wanted in (
                ("list --inbound", None),
                ("collect", 1),
                ("release_feedback", None),
            )
        }
        _compare(bench, lesson, figures)


def _compare(bench: Bench, lesson: Class, figures: dict[str, Figure]) -> None:
    directory = bench.place("exchange")
    _fill_directory(directory, lesson)
    with (
        bench.start_hub(delay_ms=0) as hub,
        bench.start_nbcourier(hub) as server,
    ):
        fill(server, bench.load, lesson)
        # The plugin needs one course directory per round, nbgrader's own exchange as well.
        for _ in range(bench.rounds):
            own = _round(bench, OWN, str(directory), None, lesson)
            ours = _round(bench, OURS, server.url, server, lesson)
            for command, figure in figures.items():
                figure.other.append(own[command])
                figure.nbcourier.append(ours[command])
    shutil.rmtree(directory)


def _fill_directory(directory: Path, lesson: Class) -> None:
    """Writes an exchange directory as nbgrader writes it, with a submission of each student."""
    inbound = directory / lesson.course / "inbound"
    inbound.mkdir(parents=True)
    directory.chmod(0o777)
    for number in range(lesson.submissions):
        moment = BEGIN + datetime.timedelta(seconds=number)
        timestamp = f"{moment:%Y-%m-%d %H:%M:%S.%f} UTC"
        place = inbound / f"{student(number)}+a0+{timestamp}"
        place.mkdir()
        (place / "timestamp.txt").write_text(timestamp)
        for name in (NOTEBOOK, DATA):
            (place / name).write_bytes(os.urandom(lesson.file_bytes))


def _round(
    bench: Bench, client: Client, url: str, server: Server | None, lesson: Class
) -> dict[str, float]:
    """The seconds of each command, in a new home."""
    home = bench.place("home")
    config = home / ".jupyter" / "nbgrader_config.py"
    config.parent.mkdir(parents=True)
    config.write_text(client.config.format(url=url, course=lesson.course))

    def run(*arguments: str) -> tuple[str, float]:
        said, work = nbgrader(bench, home, client, server, *arguments)
        return said, work.seconds

    # The first start in a new home takes longer than all that follow.
    run("list")
    said, listing = run("list", "--inbound", "--assignment=a0")
    shown = said.count(f"{lesson.course} s0")
    if shown != lesson.submissions:
        raise Broken(f"{shown} submissions listed:\n{said[-2000:]}")
    said, collect = run("collect", "a0")
    collected = list(home.glob(f"submitted/*/a0/{NOTEBOOK}"))
    if len(collected) != lesson.students:
        raise Broken(f"{len(collected)} collected:\n{said[-2000:]}")
    for notebook in collected:
        _write_feedback(home, notebook)
    said, feedback = run("release_feedback", "a0")
    given = said.lower().count("feedback") - said.lower().count("no feedback")
    if given < 1:
        raise Broken(f"no feedback was released:\n{said[-2000:]}")
    # Out of the way only: files made just after as many were removed take the file system twice as long.
    home.rename(home.with_name(f"done-{time.monotonic_ns()}"))
    return {
        "list --inbound": listing,
        "collect": collect,
        "release_feedback": feedback,
    }


def _write_feedback(home: Path, notebook: Path) -> None:
    """Writes the page that `nbgrader generate_feedback` writes for this notebook."""
    place = home / "feedback" / notebook.parent.parent.name / "a0"
    place.mkdir(parents=True)
    shutil.copy(notebook.parent / "timestamp.txt", place)
    (place / "submission_secret.txt").write_text(place.parent.name)
    (place / f"{notebook.stem}.html").write_bytes(PAGE)
