"""The cost of an unused server: the time until it answers, and its memory."""

import time
from contextlib import AbstractContextManager

from bench import Bench
from servers import Server

REST_S = 1.0


def measure(bench: Bench) -> None:
    """Starts both servers repeatedly on empty directories."""
    start = bench.figure("start to first health answer", "s", better="less", wanted=5)
    memory = bench.figure("idle memory", "MiB", better="less", wanted=4)
    for _ in range(3 if bench.quick else 5):
        for servers, starts, memories in (
            (bench.start_ngshare(), start.other, memory.other),
            (bench.start_nbcourier(), start.nbcourier, memory.nbcourier),
        ):
            seconds, mebibytes = _idle(servers)
            starts.append(seconds)
            memories.append(mebibytes)


def _idle(starting: AbstractContextManager[Server]) -> tuple[float, float]:
    with starting as server:
        time.sleep(REST_S)
        return server.start_s, server.process.status("VmRSS")
