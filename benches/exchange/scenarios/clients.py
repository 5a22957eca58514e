"""A whole class seen and collected by the unchanged client, whose own work is most of what is left."""

import os
import resource
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from bench import Bench
from seed import Class, fill
from servers import ADMIN, Broken, Server

LESSON = Class("school", students=500, submissions=1500, assignments=2)
# The assignment of the lesson that nobody handed in.
EMPTY = "a1"
COMMAND_LIMIT_S = 200
CONFIG = """\
from ngshare_exchange import configureExchange

c = get_config()
configureExchange(c, {url!r})
c.CourseDirectory.course_id = {course!r}
"""


def measure(bench: Bench) -> None:
    """`nbgrader list --inbound` makes 3,001 requests, `nbgrader collect` 501.

    What nbgrader needs to start is taken off: it is measured with the same command on an assignment that nobody handed
    in. Both servers are behind a hub that answers at once; without any hub the client cannot use ngshare.
    """
    figures = {
        "list": bench.figure("class-wide list --inbound", "s", better="less", wanted=5),
        "collect": bench.figure("class-wide collect", "s", better="less", wanted=3),
    }
    works: dict[str, list[Work]] = {command: [] for command in figures}
    with (
        bench.start_hub(delay_ms=0) as hub,
        bench.start_both(hub) as servers,
    ):
        for server in servers:
            fill(server, bench.load, LESSON)
        for _ in range(1 if bench.quick else 2):
            for server in servers:
                for command, work in _list_and_collect(bench, server).items():
                    getattr(figures[command], server.name).append(work.seconds)
                    if server.name == "nbcourier":
                        works[command].append(work)
    for command, figure in figures.items():
        least = min(works[command], key=lambda work: work.seconds)
        figure.note = (
            f"of nbcourier's least, {least.seconds:.2f} s: processor of the client {least.client:.2f} s,"
            f" of the server {least.server:.2f} s"
        )


@dataclass(frozen=True)
class Work:
    """What a command took: time, and the client's and the server's processor time, in seconds."""

    seconds: float
    client: float
    server: float

    def __sub__(self, other: Self) -> Self:
        return type(self)(
            self.seconds - other.seconds,
            self.client - other.client,
            self.server - other.server,
        )


def _list_and_collect(bench: Bench, server: Server) -> dict[str, Work]:
    home = bench.place("home")
    config = home / ".jupyter" / "nbgrader_config.py"
    config.parent.mkdir(parents=True)
    config.write_text(CONFIG.format(url=server.url, course=LESSON.course))

    def run(*arguments: str) -> tuple[str, Work]:
        return _nbgrader(bench, server, home, *arguments)

    _, start = run("list", "--inbound", f"--assignment={EMPTY}")
    said, listing = run("list", "--inbound", "--assignment=a0")
    shown = said.count(f"{LESSON.course} s0")
    if shown != LESSON.submissions:
        raise Broken(f"{server.name}: {shown} submissions listed:\n{said[-2000:]}")
    _, start_collecting = run("collect", EMPTY)
    said, collect = run("collect", "a0")
    collected = len(list(home.glob("submitted/*/a0/problem.ipynb")))
    if collected != LESSON.students:
        raise Broken(f"{server.name}: {collected} collected:\n{said[-2000:]}")
    return {"list": listing - start, "collect": collect - start_collecting}


def _nbgrader(
    bench: Bench, server: Server, home: Path, *arguments: str
) -> tuple[str, Work]:
    """What a command says and what it takes."""
    programs = bench.client.parent
    env = {
        "PATH": f"{programs}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "USER": ADMIN,
        "JUPYTERHUB_API_TOKEN": ADMIN,
    }
    client, used, begun = _children_s(), server.process.used_s(), time.monotonic()
    done = subprocess.run(
        [str(programs / "nbgrader"), *arguments],
        cwd=home,
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=COMMAND_LIMIT_S,
        check=False,
    )
    seconds = time.monotonic() - begun
    said = done.stdout + done.stderr
    if done.returncode != 0:
        raise Broken(f"nbgrader {' '.join(arguments)}:\n{said[-2000:]}")
    return said, Work(seconds, _children_s() - client, server.process.used_s() - used)


def _children_s() -> float:
    """Processor time of the programs that were run and have ended; servers have not."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
