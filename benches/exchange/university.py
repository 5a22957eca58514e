"""Measures what requests cost in the term of a university, and puts the costs into the formula of docs/scaling.md.

`make bench-university` calls it with everything in place. It counts processor time, because the clients share the machine. One
server runs on SQLite and a directory, and then one, two and three on PostgreSQL and a bucket.
"""

import argparse
import base64
import contextlib
import http.client
import os
import random
import shutil
import subprocess
import sys
import threading
import time
import urllib.parse
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from places import BUCKET, KEY, Buckets, Postgres, room_for, used_s
from servers import ADMIN, PREFIX, Broken, Server, environment, free_port
from term import Term, fill_postgres, fill_sqlite
from wire import release, student

ROOT = Path(__file__).resolve().parents[2]
# Requests at the same time.
AT_ONCE = 16
REQUEST_LIMIT_S = 120
# The time between two looks for sessions that wait for a lock.
WATCH_S = 0.1
LOCK_WAITS = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
GIB = 2**30


class Replica(Server):
    """One of the servers of an exchange. Nothing is logged, and nobody has limits."""

    name = "nbcourier"

    def __init__(self, program: Path, directory: Path, settings: list[str]) -> None:
        port = free_port()
        directory.mkdir(parents=True, exist_ok=True)
        command = [
            str(program),
            "serve",
            "--standalone",
            f"--port={port}",
            f"--admins={ADMIN}",
        ]
        command += [
            "--max-request-rate=0",
            "--max-open-requests=0",
            "--max-uploads=0",
            "--max-submissions=0",
        ]
        super().__init__(
            command + settings_of(directory, settings),
            directory=directory,
            env=server_environment(),
            port=port,
        )


def settings_of(directory: Path, settings: list[str]) -> list[str]:
    """Returns the arguments with the places of a server's data."""
    return [f"--data-dir={directory / 'data'}", *settings]


def server_environment() -> dict[str, str]:
    """Returns the environment of servers and commands."""
    keys = {
        "AWS_ACCESS_KEY_ID": KEY["accessKey"],
        "AWS_SECRET_ACCESS_KEY": KEY["secretKey"],
    }
    return environment(None, 0) | keys | {"RUST_LOG": "warn"}


@dataclass(frozen=True)
class Request:
    """A request of a client: its method, its path below the prefix, and the body of a form."""

    method: str
    path: str
    body: bytes | None = None


@dataclass(frozen=True)
class Cost:
    """The processor time of one request, in milliseconds."""

    server: float
    database: float
    objects: float
    per_second: float


@dataclass
class Measured:
    """The costs in one setting."""

    name: str
    replicas: int
    costs: dict[str, Cost] = field(default_factory=dict)
    memory: tuple[float, float] = (0.0, 0.0)
    lock_waits: int | None = None
    clean_up: Cost | None = None


@dataclass
class Exchange:
    """The running servers, and the processes whose time counts for the database and for the objects."""

    replicas: list[Replica]
    database: int | None = None
    objects: int | None = None

    def used(self) -> tuple[float, float, float]:
        """Returns the processor time of all parts so far, in seconds."""
        servers = sum(replica.process.used_s() for replica in self.replicas)
        others = (used_s(pid) if pid else 0.0 for pid in (self.database, self.objects))
        return (servers, *others)

    def cost(self, requests: list[Request]) -> Cost:
        """Sends the requests, in turns to the servers, and returns the cost of one."""
        self.send(requests[: len(requests) // 10])
        before, begun = self.used(), time.monotonic()
        self.send(requests)
        seconds = time.monotonic() - begun
        spent = [now - then for now, then in zip(self.used(), before, strict=True)]
        return Cost(
            *(1000 * one / len(requests) for one in spent), len(requests) / seconds
        )

    def send(self, requests: list[Request]) -> None:
        """Sends the requests. All must succeed."""
        failures: list[str] = []

        def work(number: int) -> None:
            port = self.replicas[number % len(self.replicas)].port
            connection = http.client.HTTPConnection(
                "127.0.0.1", port, timeout=REQUEST_LIMIT_S
            )
            with contextlib.closing(connection):
                for request in requests[number::AT_ONCE]:
                    try:
                        send(connection, request)
                    except (OSError, http.client.HTTPException, Broken) as error:
                        failures.append(f"{request.method} {request.path}: {error!r}")
                        return

        workers = [
            threading.Thread(target=work, args=(number,)) for number in range(AT_ONCE)
        ]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        if failures:
            raise Broken(failures[0])


def send(connection: http.client.HTTPConnection, request: Request) -> None:
    """Sends a request, which must succeed."""
    headers = (
        {}
        if request.body is None
        else {"Content-Type": "application/x-www-form-urlencoded"}
    )
    connection.request(
        request.method, f"{PREFIX}/{request.path}", request.body, headers
    )
    reply = connection.getresponse()
    said = reply.read()
    if reply.status != 200:
        raise Broken(f"{reply.status} {said[:200]!r}")


class Form:
    """The form of a submission, in which the person and the first bytes of each file are replaced."""

    DIGITS = 16

    def __init__(self, files: int, size: int) -> None:
        chosen = random.Random(files)
        self._parts = [b"&files=%5B"]
        for number in range(files):
            comma = "%2C" if number else ""
            begin = (
                f"{comma}%7B%22path%22%3A%22part-{number}.bin%22%2C%22content%22%3A%22"
            )
            content = base64.b64encode(chosen.randbytes(size)).decode()[self.DIGITS :]
            self._parts[-1] += begin.encode()
            self._parts.append(urllib.parse.quote_plus(content).encode() + b"%22%7D")
        self._parts[-1] += b"%5D"

    def of(self, person: str, mark: int) -> bytes:
        """Returns the form of this person with this mark."""
        digits = f"{mark:0{self.DIGITS}x}".encode()
        return f"user={person}".encode() + digits.join(self._parts)


def requests(
    term: Term, counts: dict[str, int], run: int
) -> Iterator[tuple[str, list[Request]]]:
    """Returns the requests by their names. Each run has other people, and other bytes."""
    people = random.Random(run)

    def some() -> tuple[int, int]:
        return people.randrange(term.students), people.randrange(4)

    def listing() -> Request:
        person, number = some()
        name, place = student(person), term.place(person, number, 0)
        return Request("GET", f"submissions/{place}/{name}?user={name}")

    def fetch() -> Request:
        # The release is in one course. These students take it.
        several = people.randrange(term.students // term.courses)
        name = student(several * term.courses)
        return Request("GET", f"assignment/{term.course(0)}/large?user={name}")

    def submit(form: Form, assignment: int) -> Callable[[], Request]:
        def one() -> Request:
            person, number = some()
            place = term.place(person, number, assignment)
            return Request(
                "POST",
                f"submission/{place}",
                form.of(student(person), people.getrandbits(60)),
            )

        return one

    makers = {
        LISTING: listing,
        FETCH: fetch,
        SUBMIT: submit(Form(5, 40_000), 1),
        SUBMIT_LARGE: submit(Form(2, 100_000), 2),
    }
    for name, make in makers.items():
        yield name, [make() for _ in range(counts[name])]


LISTING = "list own submissions"
FETCH = "fetch 10 files / 1 MB"
SUBMIT = "submit 5 × 40 KB"
SUBMIT_LARGE = "submit 2 × 100 KB"


def measure(
    name: str, exchange: Exchange, term: Term, counts: dict[str, int]
) -> Measured:
    """Measures the requests."""
    measured = Measured(name, len(exchange.replicas))
    for what, some in requests(term, counts, len(exchange.replicas)):
        measured.costs[what] = exchange.cost(some)
    sizes = [
        (one.process.status("VmRSS"), one.process.status("VmHWM"))
        for one in exchange.replicas
    ]
    measured.memory = (max(now for now, _ in sizes), max(most for _, most in sizes))
    return measured


def clean_up(
    program: Path, settings: list[str], directory: Path, database: int | None
) -> Cost:
    """Returns the cost of a clean-up, which finds nothing to remove."""
    before = used_s(database) if database else 0.0
    begun, children = time.monotonic(), os.times()
    command = [str(program), "gc", *settings_of(directory, settings)]
    done = subprocess.run(
        command, env=server_environment(), capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise Broken(f"gc: {done.stdout}{done.stderr}")
    now = os.times()
    own = (
        now.children_user
        + now.children_system
        - children.children_user
        - children.children_system
    )
    spent = (used_s(database) if database else 0.0) - before
    return Cost(1000 * own, 1000 * spent, 0.0, 1 / (time.monotonic() - begun))


def prepare(server: Replica, term: Term) -> None:
    """Releases what is fetched."""
    pieces = random.Random(1)
    files = {
        f"data/part-{number}.bin": pieces.randbytes(100_000) for number in range(10)
    }
    release(server, term.course(0), "large", files)


def embedded(
    program: Path, directory: Path, term: Term, counts: dict[str, int]
) -> Measured:
    """Measures one server on SQLite and a directory."""
    Replica(program, directory, []).stop()
    begun = time.monotonic()
    fill_sqlite(directory / "data" / "nbcourier.db", term)
    say(f"seeded SQLite in {time.monotonic() - begun:.0f} s")
    server = Replica(program, directory, [])
    try:
        prepare(server, term)
        cleared = clean_up(program, [], directory, None)
        measured = measure("SQLite and a directory", Exchange([server]), term, counts)
        measured.clean_up = cleared
        return measured
    finally:
        server.stop()


def shared(
    program: Path, directory: Path, cache: Path, term: Term, counts: dict[str, int]
) -> list[Measured]:
    """Measures one, two and three servers on PostgreSQL and a bucket."""
    with contextlib.ExitStack() as ending:
        postgres = Postgres(directory)
        ending.callback(postgres.stop)
        buckets = Buckets(directory, cache)
        ending.callback(buckets.stop)
        postgres.query("postgres", "CREATE DATABASE exchange")
        settings = [f"--database={postgres.url('exchange')}"]
        settings += [
            f"--storage=s3://{BUCKET}/term",
            f"--s3-endpoint={buckets.endpoint}",
        ]
        replicas = [Replica(program, directory / "server-1", settings)]
        ending.callback(lambda: [replica.stop() for replica in replicas])
        begun = time.monotonic()
        fill_postgres(postgres, "exchange", term)
        say(
            f"seeded PostgreSQL {postgres.version()} in {time.monotonic() - begun:.0f} s"
        )
        prepare(replicas[0], term)
        cleared = clean_up(program, settings, directory / "gc", postgres.pid)
        found = []
        for number in (1, 2, 3):
            while len(replicas) < number:
                place = directory / f"server-{len(replicas) + 1}"
                replicas.append(Replica(program, place, settings))
            log = directory / f"locks-{number}.txt"
            watch = postgres.watch("exchange", LOCK_WAITS, WATCH_S, log)
            try:
                exchange = Exchange(replicas, postgres.pid, buckets.pid)
                measured = measure("PostgreSQL and S3", exchange, term, counts)
            finally:
                watch.stop()
            looks = [int(line) for line in log.read_text().split() if line.isdigit()]
            measured.lock_waits = sum(looks)
            measured.clean_up = cleared if number == 1 else None
            found.append(measured)
        return found


def costs_table(found: list[Measured]) -> str:
    """Returns the costs as Markdown."""
    lines = [
        "| servers on | request | server, ms | database, ms | object store, ms |",
        "|---|---|---|---|---|",
    ]
    for one in found:
        servers = f"{one.replicas} on {one.name}"
        for what, cost in one.costs.items():
            lines.append(
                f"| {servers} | {what} | {cost.server:.2f} | {cost.database:.2f} | {cost.objects:.2f} |"
            )
        if one.clean_up:
            lines.append(
                f"| {servers} | `gc` that removes nothing | {one.clean_up.server:,.0f} | {one.clean_up.database:,.0f} | – |"
            )
    return "\n".join(lines)


def formula_table(one: Measured) -> str:
    """Returns the formula of docs/scaling.md with the costs of one server, for 100,000 students."""
    u, r, f = (one.costs[what] for what in (SUBMIT, LISTING, FETCH))
    lines = [
        "| | half of them due on a Sunday, *p* = 0.5, *q* = 0.1 | all of them in ten minutes, *p* = 1, *q* = 0.1 |",
        "|---|---|---|",
    ]
    rows: dict[str, list[str]] = {}
    for due in (0.5, 1.0):
        mean = 100_000 * due * 0.1 / 60
        # Ten listings and one fetch for each submission.
        listings, fetches = 10 * mean, mean
        cores = (
            (3 * mean * u.server + listings * r.server + fetches * f.server)
            / 1000
            / 0.6
        )
        database = (
            (3 * mean * u.database + listings * r.database + fetches * f.database)
            / 1000
            / 0.5
        )
        rows.setdefault("submissions a second, mean and burst", []).append(
            f"{mean:.0f}, {3 * mean:.0f}"
        )
        rows.setdefault("cores of servers", []).append(f"{cores:.1f}")
        rows.setdefault("cores of the database", []).append(
            f"{database:.1f}" if u.database else "–"
        )
    lines += [f"| {name} | {' | '.join(cells)} |" for name, cells in rows.items()]
    return "\n".join(lines)


def say(text: str) -> None:
    """Tells the person who waits."""
    print(text, file=sys.stderr, flush=True)


def main() -> int:
    """Measures, and prints the tables."""
    wanted = arguments()
    shutil.rmtree(wanted.directory, ignore_errors=True)
    wanted.directory.mkdir(parents=True)
    scale = 10 if wanted.quick else 1
    room_for(wanted.directory, 8 * GIB // scale)
    term = Term(students=100_000 // scale, courses=500 // scale)
    counts = {LISTING: 8_000, FETCH: 600, SUBMIT: 800, SUBMIT_LARGE: 800}
    counts = {name: max(count // min(scale, 4), 100) for name, count in counts.items()}
    found: list[Measured] = []
    try:
        found.append(
            embedded(wanted.program, wanted.directory / "embedded", term, counts)
        )
        say(costs_table(found))
        found += shared(
            wanted.program, wanted.directory / "shared", wanted.cache, term, counts
        )
    except (Broken, OSError, subprocess.SubprocessError) as error:
        say(f"university: {error}")
        return 1
    finally:
        shutil.rmtree(wanted.directory, ignore_errors=True)
    print(
        f"{time.strftime('%Y-%m-%d')}, {os.cpu_count()} cores; {term.students:,} students, {term.courses} courses,"
        f" {term.submissions:,} submissions\n"
    )
    print(costs_table(found))
    for one in found:
        waits = (
            ""
            if one.lock_waits is None
            else f"; sessions seen waiting for a lock: {one.lock_waits}"
        )
        print(
            f"\n{one.replicas} on {one.name}: {one.memory[0]:.0f} MiB, at most {one.memory[1]:.0f} MiB{waits}"
        )
    for one in found[:2]:
        print(f"\nThe formula with the costs on {one.name}:\n\n{formula_table(one)}")
    return 0


def arguments() -> argparse.Namespace:
    """Parses the command line."""
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    caches = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    cache = Path(os.environ.get("NBCOURIER_CACHE", caches / "nbcourier"))
    program = Path(os.environ.get("NBCOURIER_BIN", target / "release" / "nbcourier"))
    parser = argparse.ArgumentParser(prog="university", description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="a tenth of the university"
    )
    parser.add_argument(
        "--program", type=Path, default=program, help="the program to measure"
    )
    parser.add_argument(
        "--cache", type=Path, default=cache, help="where setup-s3.sh installs"
    )
    parser.add_argument(
        "--directory",
        type=Path,
        default=target / "bench-university",
        help="where the servers keep their data meanwhile; emptied first",
    )
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
