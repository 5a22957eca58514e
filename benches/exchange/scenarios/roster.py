"""Changes of courses: 500 students enrolled in one request, and 10,000 submissions deleted in another."""

import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager

from bench import Bench
from seed import Class, fill
from servers import Server
from wire import call, roster, timed

PROBE_PAUSE_S = 0.01


def measure_enrolment(bench: Bench) -> None:
    """Measures the enrolment. ngshare takes half a minute for 500, so it is measured once."""
    count = 100 if bench.quick else 500
    figure = bench.figure(
        f"enrol {count} students in one request", "s", better="less", wanted=300
    )
    with bench.start_both() as (ngshare, nbcourier):
        figure.other.append(_enrol(ngshare, "school", count))
        figure.nbcourier += [
            _enrol(nbcourier, f"school{number}", count) for number in range(3)
        ]


def _enrol(server: Server, course: str, count: int) -> float:
    call(server, "POST", f"course/{course}")
    return timed(server, "POST", f"students/{course}", students=roster(count))


def measure_deletion(bench: Bench) -> None:
    """Deletes a full course while another is read. ngshare takes two minutes for 10,000, so it is measured once."""
    count = 1000 if bench.quick else 10_000
    figure = bench.figure(
        f"delete a course with {count:,} submissions",
        "s",
        better="less",
        wanted=100,
        note="nbcourier: marked, and cleared away after the retention time",
    )
    others = bench.figure(
        "… worst answer to others meanwhile", "ms", better="less", ceiling=100
    )
    full = Class("full", students=500, submissions=count, file_bytes=64)

    def delete(starting: AbstractContextManager[Server]) -> tuple[float, float]:
        with starting as server:
            call(server, "POST", "course/other")
            fill(server, bench.load, full)
            return _watched(
                lambda: call(server, "GET", "assignments/other"),
                lambda: timed(server, "DELETE", f"course/{full.course}"),
            )

    for starting, times, worst in (
        (bench.start_ngshare(), figure.other, others.other),
        *(
            (bench.start_nbcourier(), figure.nbcourier, others.nbcourier)
            for _ in range(2)
        ),
    ):
        seconds, waited = delete(starting)
        times.append(seconds)
        worst.append(waited * 1000)


def _watched(
    probe: Callable[[], object], work: Callable[[], float]
) -> tuple[float, float]:
    """Returns the result of the work, and the longest time of a probe from before it until after it."""
    over = threading.Event()
    worst = 0.0

    def watch() -> None:
        nonlocal worst
        while not over.is_set():
            begun = time.monotonic()
            probe()
            worst = max(worst, time.monotonic() - begun)
            time.sleep(PROBE_PAUSE_S)

    watcher = threading.Thread(target=watch)
    watcher.start()
    time.sleep(5 * PROBE_PAUSE_S)
    try:
        result = work()
    finally:
        over.set()
        watcher.join()
    return result, worst
