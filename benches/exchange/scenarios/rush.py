"""The minute before a deadline: all students submit a megabyte, 64 of them at once."""

from contextlib import AbstractContextManager

from bench import Bench
from figures import Figure
from seed import Class, fill
from servers import Server

AT_ONCE = 64
STUDENTS = 500
BYTES = 1024 * 1024
LESSON = Class("rush", students=STUDENTS)


def measure(bench: Bench) -> None:
    """Times the rush, checks the health meanwhile, and compares every byte afterwards."""
    length = bench.figure(
        "deadline rush, 500 × 1 MB at 64 at once", "s", better="less", wanted=8
    )
    slow = bench.figure("… the slowest of a hundred", "ms", better="less")
    health = bench.figure("… worst health answer", "ms", better="less", ceiling=100)
    memory = bench.figure("… peak memory", "MiB", better="less")
    lost = bench.figure(
        "… submissions with any byte changed", "of 500", better="less", ceiling=0
    )
    figures = (length, slow, health, memory, lost)
    for _ in range(1 if bench.quick else 2):
        _add(figures, "ngshare", _rush(bench, bench.start_ngshare()))
        _add(figures, "nbcourier", _rush(bench, bench.start_nbcourier()))


def _rush(bench: Bench, starting: AbstractContextManager[Server]) -> list[float]:
    with starting as server:
        fill(server, bench.load, LESSON)
        options = {"count": STUDENTS, "students": STUDENTS, "bytes": BYTES}
        report = bench.load.submit(
            server, LESSON.place, connections=AT_ONCE, health=True, **options
        )
        peak = server.process.status("VmHWM")
        intact = bench.load.verify(server, LESSON.place, connections=4, **options)
    return [
        report["seconds"],
        report["p99_ms"],
        report["health_max_ms"],
        peak,
        STUDENTS - intact,
    ]


def _add(figures: tuple[Figure, ...], name: str, values: list[float]) -> None:
    for figure, value in zip(figures, values, strict=True):
        figure.of(name).append(value)
