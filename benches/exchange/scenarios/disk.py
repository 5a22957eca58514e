"""Disk space after all students submitted the same data file."""

import time

from bench import Bench, disk_used
from seed import Class, fill

FILE_BYTES = 20 * 1024 * 1024
STUDENTS = 500
FEW = 3
LESSON = Class("disk", students=STUDENTS)
# nbcourier writes its database's log back when it had nothing to write for five seconds.
REST_S = 15


def measure(bench: Bench) -> None:
    """Measures a few submissions at ngshare and extrapolates the rest, since it would fill 10 GB."""
    count = 50 if bench.quick else STUDENTS
    figure = bench.figure(
        f"disk {REST_S} s after {count} submissions of the same 20 MB",
        "MiB",
        better="less",
        # One copy of the file, and the rows that refer to it.
        ceiling=25,
        note=f"ngshare: {FEW} measured, the rest calculated",
    )
    for server, handed_in, used in (
        (bench.start_ngshare(), FEW, figure.other),
        (bench.start_nbcourier(), count, figure.nbcourier),
    ):
        with server as running:
            fill(running, bench.load, LESSON)
            time.sleep(REST_S)
            before = disk_used(running.directory)
            bench.load.submit(
                running,
                LESSON.place,
                count=handed_in,
                students=STUDENTS,
                connections=4,
                bytes=FILE_BYTES,
                same=True,
            )
            time.sleep(REST_S)
            grown = disk_used(running.directory) - before
            used.append(grown * count / handed_in if handed_in == FEW else grown)
