"""Lists and collects a whole class: with the unchanged client, whose own work takes most of the time, and with ours."""

import os
import resource
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from bench import Bench
from figures import Figure
from seed import Class, fill
from servers import ADMIN, Broken, Server

LESSON = Class("school", students=500, submissions=1500, assignments=2)
FEW = Class("school", students=100, submissions=300, assignments=2)
# The assignment of the lesson without submissions.
EMPTY = "a1"
STARTS = 3
COMMAND_LIMIT_S = 200
PLUGIN = Path(__file__).resolve().parents[3] / "python"


@dataclass(frozen=True)
class Client:
    """A client that connects nbgrader to an exchange."""

    config: str
    python_path: str = ""


STOCK = Client("""\
from ngshare_exchange import configureExchange

c = get_config()
configureExchange(c, {url!r})
c.CourseDirectory.course_id = {course!r}
""")
OURS = Client(
    """\
import nbcourier

c = get_config()
nbcourier.configure(c, {url!r})
c.CourseDirectory.course_id = {course!r}
""",
    str(PLUGIN),
)


def measure(bench: Bench) -> None:
    """Measures `nbgrader list --inbound`, which makes 3,001 requests, and `nbgrader collect`, which makes 501."""
    lesson = FEW if bench.quick else LESSON
    listing = f"class-wide list --inbound, {2 * lesson.submissions + 1:,} requests"
    collect = f"class-wide collect, {lesson.students + 1} requests"
    figures = {
        "list": bench.figure(listing, "s", better="less", wanted=5),
        "collect": bench.figure(collect, "s", better="less", wanted=3),
    }
    _compare(bench, lesson, figures, STOCK)


def measure_plugin(bench: Bench) -> None:
    """Measures the same commands with our plugin at nbcourier, beside ngshare with its own client."""
    lesson = FEW if bench.quick else LESSON
    listing = f"list --inbound of {lesson.submissions:,}, each its own client"
    collect = f"collect of {lesson.students}, each its own client"
    figures = {
        "list": bench.figure(listing, "s", better="less", wanted=30),
        "collect": bench.figure(collect, "s", better="less", wanted=5),
    }
    _compare(bench, lesson, figures, OURS)


def _compare(
    bench: Bench, lesson: Class, figures: dict[str, Figure], client: Client
) -> None:
    """Compares the stock client at ngshare with the given client at nbcourier.

    The start of nbgrader is subtracted. It is measured with the same command on an assignment without submissions. Both
    servers are behind a hub that answers at once, since the client cannot use ngshare without a hub.
    """
    works: dict[str, list[Cost]] = {command: [] for command in figures}
    with (
        bench.start_hub(delay_ms=0) as hub,
        bench.start_both(hub) as servers,
    ):
        for server in servers:
            fill(server, bench.load, lesson)
        ngshare, nbcourier = servers
        people = [
            Instructor(bench, ngshare, lesson, STOCK),
            Instructor(bench, nbcourier, lesson, client),
        ]
        for _ in range(1 if bench.quick else 2):
            for person in people:
                for command, work in person.list_and_collect().items():
                    figures[command].of(person.server.name).append(work.seconds)
                    if person.server is nbcourier:
                        works[command].append(work)
        for person in people:
            person.leave()
    for command, figure in figures.items():
        least = min(works[command], key=lambda work: work.seconds)
        figure.note = (
            f"of nbcourier's least, {least.seconds:.2f} s: processor of the client {least.client:.2f} s,"
            f" of the server {least.server:.2f} s"
        )


@dataclass(frozen=True)
class Cost:
    """The cost of a command: its time, and the processor time of the client and of the server, in seconds."""

    seconds: float
    client: float
    server: float

    def __sub__(self, other: Self) -> Self:
        return type(self)(
            self.seconds - other.seconds,
            self.client - other.client,
            self.server - other.server,
        )


class Instructor:
    """An instructor with nbgrader and the client on their own computer."""

    def __init__(
        self, bench: Bench, server: Server, lesson: Class, client: Client
    ) -> None:
        self.server = server
        self._bench = bench
        self._lesson = lesson
        self._client = client
        self._home = bench.place("home")
        config = self._home / ".jupyter" / "nbgrader_config.py"
        config.parent.mkdir(parents=True)
        config.write_text(client.config.format(url=server.url, course=lesson.course))
        # The first start in a new home takes longer than all others, and so does the first opening of a gradebook, which
        # creates it.
        self._run("list", "--inbound", f"--assignment={EMPTY}")
        self._run("db", "assignment", "list")
        self._start = {
            "list": self._least("list", "--inbound", f"--assignment={EMPTY}"),
            "collect": self._least("collect", EMPTY),
        }

    def list_and_collect(self) -> dict[str, Cost]:
        """Runs both commands without the start of nbgrader. Each must give the whole class."""
        name, lesson = self.server.name, self._lesson
        said, listing = self._run("list", "--inbound", "--assignment=a0")
        shown = said.count(f"{lesson.course} s0")
        if shown != lesson.submissions:
            raise Broken(f"{name}: {shown} submissions listed:\n{said[-2000:]}")
        said, collect = self._run("collect", "a0")
        collected = len(list(self._home.glob("submitted/*/a0/problem.ipynb")))
        if collected != lesson.students:
            raise Broken(f"{name}: {collected} collected:\n{said[-2000:]}")
        # The directory is only renamed. Creating files takes the file system twice as long after many were removed.
        submitted = self._home / "submitted"
        submitted.rename(self._home / f"collected-{time.monotonic_ns()}")
        return {
            "list": listing - self._start["list"],
            "collect": collect - self._start["collect"],
        }

    def leave(self) -> None:
        """Removes the home."""
        shutil.rmtree(self._home)

    def _least(self, *arguments: str) -> Cost:
        """Returns the quickest of a few runs. Subtracting too little makes nobody look faster than they are."""
        works = [self._run(*arguments)[1] for _ in range(STARTS)]
        return min(works, key=lambda work: work.seconds)

    def _run(self, *arguments: str) -> tuple[str, Cost]:
        """Runs a command. Returns its output and its cost."""
        return nbgrader(
            self._bench, self._home, self._client, self.server, *arguments
        )


def nbgrader(
    bench: Bench, home: Path, client: Client, server: Server | None, *arguments: str
) -> tuple[str, Cost]:
    """Runs nbgrader in that home. Returns its output and its cost. Raises Broken if it fails."""
    programs = bench.client.parent
    env = {
        "PATH": f"{programs}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "USER": ADMIN,
        "JUPYTERHUB_API_TOKEN": ADMIN,
        "PYTHONPATH": client.python_path,
    }
    client_s, server_s, begun = _children_s(), _used_s(server), time.monotonic()
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
    return said, Cost(seconds, _children_s() - client_s, _used_s(server) - server_s)


def _used_s(server: Server | None) -> float:
    return server.process.used_s() if server else 0.0


def _children_s() -> float:
    """Returns the processor time of the programs that have ended. The servers are still running."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
