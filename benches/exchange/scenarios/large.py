"""Upload and download of one large file, and the peak memory of the server."""

from bench import Bench
from figures import Figure
from seed import Class, fill
from servers import Server

LESSON = Class("large", students=1)
SIZES_MB = [50, 150, 500]
# ngshare refuses requests of 100 MB and more. A file of 150 MB exceeds that by far.
MOST_OF_NGSHARE_MB = 150
# Wanted maximum of memory for the largest file, in MiB.
MEMORY_CEILING = 64


def measure(bench: Bench) -> None:
    """Measures each size on a separate server, so that the peak belongs to this file."""
    for size in SIZES_MB[:-1] if bench.quick else SIZES_MB:
        up = bench.figure(f"one file of {size} MB up", "s", better="less")
        down = bench.figure("… and down", "s", better="less")
        memory = bench.figure(
            "… peak memory", "MiB", better="less", ceiling=MEMORY_CEILING
        )
        if size <= MOST_OF_NGSHARE_MB:
            with bench.start_ngshare() as ngshare:
                _measure(bench, ngshare, size, (up, down, memory))
        with bench.start_nbcourier() as nbcourier:
            _measure(bench, nbcourier, size, (up, down, memory))


def _measure(
    bench: Bench, server: Server, size: int, figures: tuple[Figure, Figure, Figure]
) -> None:
    fill(server, bench.load, LESSON)
    report = bench.load.large(server, LESSON.place, bytes=size * 1_000_000)
    up, down, memory = figures
    if report["status"] != 200:
        up.note = f"{server.name}: refused"
        return
    if not report["intact"]:
        down.note = f"{server.name}: **bytes changed**"
    name = server.name
    up.of(name).append(report["up_seconds"])
    down.of(name).append(report["down_seconds"])
    memory.of(name).append(server.process.status("VmHWM"))
