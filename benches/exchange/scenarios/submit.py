"""Submissions of 5 files with 200 KB in total, each with different bytes."""

import itertools

from bench import Bench
from figures import alternate
from seed import Class, fill
from servers import Server

AT_ONCE = 64
# With 64 requests waiting, ngshare responds too slowly for a shorter time.
SECONDS = 4
LESSON = Class("submit", students=500)


def measure(bench: Bench) -> None:
    """Measures a steady stream of submissions. Each is answered only after it is stored."""
    figure = bench.figure(
        "submit 5 files / 200 KB", "requests/s", better="more", wanted=8
    )
    slowest = bench.figure("… the slowest of a hundred", "ms", better="less")
    salts = itertools.count(1)

    def rate(server: Server) -> float:
        report = bench.load.submit(
            server,
            LESSON.place,
            connections=AT_ONCE,
            seconds=SECONDS,
            files=5,
            bytes=40_000,
            salt=next(salts),
        )
        slow = slowest.other if server.name == "ngshare" else slowest.nbcourier
        slow.append(report["p99_ms"])
        return report["submissions"] / report["seconds"]

    with bench.start_both() as (ngshare, nbcourier):
        for server in (ngshare, nbcourier):
            fill(server, bench.load, LESSON)
        alternate(figure, bench.rounds, lambda: rate(ngshare), lambda: rate(nbcourier))
