"""Reads: the frequent requests of students and instructors."""

import random
import statistics
from functools import partial

from bench import Bench
from figures import alternate
from seed import Class, fill
from servers import ADMIN, Server
from tools import requests_per_second
from wire import call, release, student

AT_ONCE = 64
# A listing of thousands occupies ngshare for long. A longer queue would outlast the measurement.
LISTINGS_AT_ONCE = 8
COURSES = 5

SCHOOL = Class("course0", students=500, submissions=1500, assignments=10)
CROWD = Class("crowd", students=500, submissions=10_000, file_bytes=64)
STUDENT = student(7)
WHOLE = f"submission/{SCHOOL.course}/whole/{student(0)}"

# The title, the path, the caller, and the wanted ratio.
READS = [
    ("list courses", "courses", STUDENT, 40),
    ("list assignments", f"assignments/{SCHOOL.course}", STUDENT, 40),
    ("list own submissions", f"submissions/{SCHOOL.place}/{STUDENT}", STUDENT, 60),
    ("fetch 10 files / 1 MB", f"assignment/{SCHOOL.course}/large", STUDENT, 10),
    ("download a submission of 200 KB", WHOLE, ADMIN, 15),
]


def measure(bench: Bench) -> None:
    """Measures a class of 500 with three submissions each, as one of the students and as the instructor."""
    with bench.start_both() as servers:
        for server in servers:
            fill(server, bench.load, SCHOOL)
            _add_what_is_read(server, bench)
        ngshare, nbcourier = servers
        for name, path, caller, wanted in READS:
            figure = bench.figure(name, "requests/s", better="more", wanted=wanted)
            alternate(
                figure,
                bench.rounds,
                partial(_rate, bench, ngshare, path, caller),
                partial(_rate, bench, nbcourier, path, caller),
            )


def measure_class_listing(bench: Bench) -> None:
    """Measures the instructor's listing of all submissions to an assignment, for 1,500 and for 10,000."""
    small = bench.figure(
        "list all of 1,500 submissions", "requests/s", better="more", wanted=100
    )
    large = bench.figure("list all of 10,000 submissions", "requests/s", better="more")
    growth = bench.figure(
        "… time per line, that of 1,500 being 1", "×", better="less", ceiling=1.2
    )
    with bench.start_both() as servers:
        for server in servers:
            fill(server, bench.load, SCHOOL)
            fill(server, bench.load, CROWD)
        # Both listings are measured in each round, since their growth can only be judged from figures of the same
        # minute.
        for _ in range(bench.rounds):
            for lesson, figure in ((SCHOOL, small), (CROWD, large)):
                alternate(
                    figure,
                    1,
                    *(
                        partial(_listing_rate, bench, server, lesson)
                        for server in servers
                    ),
                )
    for few, many, grown in (
        (small.other, large.other, growth.other),
        (small.nbcourier, large.nbcourier, growth.nbcourier),
    ):
        lines = statistics.median(few) * SCHOOL.submissions
        grown.append(lines / (statistics.median(many) * CROWD.submissions))


def _listing_rate(bench: Bench, server: Server, lesson: Class) -> float:
    return _rate(bench, server, f"submissions/{lesson.place}", ADMIN, LISTINGS_AT_ONCE)


def _rate(
    bench: Bench, server: Server, path: str, caller: str, at_once: int = AT_ONCE
) -> float:
    return requests_per_second(
        server, f"{path}?user={caller}", connections=at_once, seconds=bench.seconds
    )


def _add_what_is_read(server: Server, bench: Bench) -> None:
    for number in range(1, COURSES):
        call(server, "POST", f"course/course{number}")
        call(
            server,
            "POST",
            f"student/course{number}/{STUDENT}",
            first_name="Sam",
            last_name="Student",
            email="sam@example.org",
        )
    pieces = random.Random(1)
    files = {f"data/part-{n}.bin": pieces.randbytes(100_000) for n in range(10)}
    release(server, SCHOOL.course, "large", files)
    release(server, SCHOOL.course, "whole", {"problem.ipynb": b"{}"})
    bench.load.submit(server, f"{SCHOOL.course}/whole", count=1, files=5, bytes=40_000)
