"""A whole class seen and collected by the unchanged client, whose own work is most of what is left."""

import os
import resource
import subprocess
import time
from pathlib import Path

from bench import Bench
from seed import Class, fill
from servers import ADMIN, Broken, Server

LESSON = Class("school", students=500, submissions=1500)
COMMAND_LIMIT_S = 200
CONFIG = """\
from ngshare_exchange import configureExchange

c = get_config()
configureExchange(c, {url!r})
c.CourseDirectory.course_id = {course!r}
"""


def measure(bench: Bench) -> None:
    """`nbgrader list --inbound` makes 3,001 requests, `nbgrader collect` 501.

    Both servers are behind a hub here, which answers at once: the client cannot use ngshare without one.
    """
    listing = bench.figure(
        "class-wide list --inbound", "s", better="less", wanted=5, note=""
    )
    own_list = bench.figure("… processor time of the client itself", "s", better="less")
    collect = bench.figure("collect", "s", better="less", wanted=3)
    own_collect = bench.figure(
        "… processor time of the client itself", "s", better="less"
    )
    figures = (listing, own_list, collect, own_collect)
    with (
        bench.start_hub(delay_ms=0) as hub,
        bench.start_both(hub) as servers,
    ):
        for server in servers:
            fill(server, bench.load, LESSON)
        for _ in range(1 if bench.quick else 2):
            for server in servers:
                times = _list_and_collect(bench, server)
                for figure, seconds in zip(figures, times, strict=True):
                    getattr(figure, server.name).append(seconds)


def _list_and_collect(bench: Bench, server: Server) -> list[float]:
    home = bench.place("home")
    config = home / ".jupyter" / "nbgrader_config.py"
    config.parent.mkdir(parents=True)
    config.write_text(CONFIG.format(url=server.url, course=LESSON.course))
    said, *listing = _nbgrader(bench, home, "list", "--inbound", "--assignment=a0")
    shown = said.count(f"{LESSON.course} s0")
    if shown != LESSON.submissions:
        raise Broken(f"{server.name}: {shown} submissions listed:\n{said[-2000:]}")
    said, *collect = _nbgrader(bench, home, "collect", "a0")
    collected = len(list(home.glob("submitted/*/a0/problem.ipynb")))
    if collected != LESSON.students:
        raise Broken(f"{server.name}: {collected} collected:\n{said[-2000:]}")
    return listing + collect


def _nbgrader(bench: Bench, home: Path, *arguments: str) -> tuple[str, float, float]:
    """What a command says, the time it takes, and the processor time."""
    programs = bench.client.parent
    env = {
        "PATH": f"{programs}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "USER": ADMIN,
        "JUPYTERHUB_API_TOKEN": ADMIN,
    }
    used, begun = _children_s(), time.monotonic()
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
    return said, seconds, _children_s() - used


def _children_s() -> float:
    """Processor time of the programs that were run and have ended; servers have not."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
