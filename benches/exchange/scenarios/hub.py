"""Requests behind a hub that takes 5 ms to name the owner of a token."""

from bench import Bench
from figures import alternate
from seed import Class, fill
from servers import Server
from tools import requests_per_second
from wire import student

AT_ONCE = 64
HUB_DELAY_MS = 5
LESSON = Class("lesson", students=500)


def measure(bench: Bench) -> None:
    """Measures the listing of courses with a token that was seen before."""
    figure = bench.figure(
        "list courses, hub answers in 5 ms", "requests/s", better="more", wanted=300
    )

    def rate(server: Server) -> float:
        return requests_per_second(
            server,
            "courses",
            connections=AT_ONCE,
            seconds=bench.seconds,
            token=student(7),
        )

    with (
        bench.start_hub(delay_ms=HUB_DELAY_MS) as hub,
        bench.start_both(hub) as (ngshare, nbcourier),
    ):
        for server in (ngshare, nbcourier):
            fill(server, bench.load, LESSON)
        alternate(figure, bench.rounds, lambda: rate(ngshare), lambda: rate(nbcourier))
