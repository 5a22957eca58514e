"""Directories: a commit of one file, the start of many servers, and material beside nbgitpuller."""

import concurrent.futures
import contextlib
import hashlib
import http.client
import io
import json
import os
import shutil
import subprocess
import tarfile
import time
from pathlib import Path

from bench import Bench
from servers import ADMIN, PREFIX, Broken, Nbcourier
from tools import run
from wire import REQUEST_LIMIT_S, call, roster, student

NBGITPULLER = "nbgitpuller 1.3.0"
SCRIPT = Path(__file__).resolve().parents[1] / "pull_with_nbgitpuller.py"
COURSE = "algebra"
SIZES = (2_000, 20_000)
# The server takes 10,000 files in a request.
AT_ONCE = 5_000
COMMITS = 20
STARTS = 300
STARTS_AT_ONCE = 64
NOTEBOOKS = 200
NOTEBOOK_BYTES = 20_000
CHANGES = "application/vnd.nbcourier.changes+x-tar"
# The question that `nbcourier start` asks.
DELIVERED = "v1/directories?reach=granted&deliver=start"
COMMAND_LIMIT_S = 120


def measure_commits(bench: Bench) -> None:
    """Commits one file at a time into directories of two sizes."""
    small, large = (
        bench.figure(f"commit of a file into {size:,}", "ms", better="less")
        for size in SIZES
    )
    growth = bench.figure("… that into 2,000 being 1", "×", better="less", ceiling=2)
    with bench.start_nbcourier() as server:
        for size in SIZES:
            _create(server, ADMIN, f"d{size}")
            for begin in range(0, size, AT_ONCE):
                files = _small_files(range(begin, min(size, begin + AT_ONCE)))
                _fill(server, f"{ADMIN}/d{size}", files)
        for number in range(bench.rounds):
            for size, figure in zip(SIZES, (small, large), strict=True):
                figure.nbcourier.append(_commit_ms(server, f"{ADMIN}/d{size}", number))
    pairs = zip(large.nbcourier, small.nbcourier, strict=True)
    growth.nbcourier.append(min(over / under for over, under in pairs))


def measure_starts(bench: Bench) -> None:
    """Starts 300 servers at once, whose homes have everything: one request each, answered by 304."""
    figure = bench.figure(f"{STARTS} starts at once, nothing new", "s", better="less")
    with bench.start_nbcourier() as server:
        _course(server)
        tag = _ask_for_material(server, student(0), None)[1]
        with concurrent.futures.ThreadPoolExecutor(STARTS_AT_ONCE) as pool:
            for _ in range(bench.rounds):
                begun = time.monotonic()
                replies = pool.map(
                    lambda number: _ask_for_material(server, student(number), tag)[0],
                    range(STARTS),
                )
                others = [status for status in replies if status != 304]
                figure.nbcourier.append(time.monotonic() - begun)
                if others:
                    raise Broken(f"{len(others)} starts got something: {others[:5]}")


def measure_pulls(bench: Bench) -> None:
    """Pulls a repository of 200 notebooks for the first time, without a change, and with one change."""
    works = ("first pull", "pull without a change", "pull of one change")
    figures = [
        bench.figure(f"{work}, {NOTEBOOKS} notebooks", "s", better="less", beside=NBGITPULLER)
        for work in works
    ]
    with bench.start_nbcourier() as server:
        _course(server)
        repository = _Repository(bench.place("repository"))
        repository.commit(notebooks := _notebooks())
        _fill(server, f"course:{COURSE}/materials", notebooks)
        for number in range(bench.rounds):
            theirs, ours = bench.place("nbgitpuller"), bench.place("home")
            ours.mkdir(parents=True)
            for place, figure in enumerate(figures):
                if place == 2:
                    changed = {"unit0/lesson0.ipynb": _notebook(10_000 + number)}
                    repository.commit(changed)
                    _fill(server, f"course:{COURSE}/materials", changed)
                figure.other.append(_pull_with_git(bench, repository.url, theirs))
                figure.nbcourier.append(_pull(bench, server, ours))
            pulled = (theirs, ours / COURSE)
            found = [len(list(folder.glob("*/*.ipynb"))) for folder in pulled]
            if found != [NOTEBOOKS] * 2:
                raise Broken(f"{found} notebooks were pulled")
            for place in (theirs, ours):
                shutil.rmtree(place)
        shutil.rmtree(repository.place)


class _Repository:
    """A repository of git that nbgitpuller clones from this disk, without a network."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.url = f"file://{place}"
        place.mkdir(parents=True)
        self._git("init", "--quiet", "--initial-branch=main")

    def commit(self, files: dict[str, bytes]) -> None:
        """Commits these files beside those that are there."""
        for path, content in files.items():
            (self.place / path).parent.mkdir(exist_ok=True)
            (self.place / path).write_bytes(content)
        self._git("add", "--all")
        who = ("-c", "user.name=bench", "-c", "user.email=bench@example.org")
        self._git(*who, "commit", "--quiet", "--message", "More")

    def _git(self, *arguments: str) -> None:
        subprocess.run(
            ["git", "-C", str(self.place), *arguments],
            check=True,
            timeout=COMMAND_LIMIT_S,
        )


def _pull_with_git(bench: Bench, url: str, folder: Path) -> float:
    python = bench.client.parents[2] / "nbgitpuller" / "bin" / "python"
    env = {"PATH": os.environ["PATH"], "HOME": str(bench.directory), "LANG": "C.UTF-8"}
    said = run(
        [str(python), str(SCRIPT), url, str(folder)], limit=COMMAND_LIMIT_S, env=env
    )
    return float(said.splitlines()[-1])


def _pull(bench: Bench, server: Nbcourier, home: Path) -> float:
    env = {"HOME": str(home), "JUPYTERHUB_API_TOKEN": student(0), "LANG": "C.UTF-8"}
    begun = time.monotonic()
    run(
        [str(bench.nbcourier), "pull", f"--url={server.url}"],
        limit=COMMAND_LIMIT_S,
        env=env,
    )
    return time.monotonic() - begun


def _course(server: Nbcourier) -> None:
    """Creates a course whose directory is delivered to its students."""
    call(server, "POST", f"course/{COURSE}")
    call(server, "POST", f"students/{COURSE}", students=roster(STARTS))
    delivered = {"deliver": COURSE, "deliver_at_start": True}
    _create(server, f"course:{COURSE}", "materials", **delivered)


def _create(server: Nbcourier, owner: str, name: str, **more: object) -> None:
    new = json.dumps({"owner": owner, "name": name, **more}).encode()
    _send(server, "POST", "v1/directories", new, "application/json")


def _fill(server: Nbcourier, directory: str, files: dict[str, bytes]) -> None:
    """Puts files into a directory as one version."""
    sums = {path: hashlib.sha256(content).hexdigest() for path, content in files.items()}
    changes = [
        {"op": "put", "path": path, "sha256": sums[path], "size": len(content)}
        for path, content in files.items()
    ]
    archive = io.BytesIO()
    contents = {sums[path]: content for path, content in files.items()}
    with tarfile.open(fileobj=archive, mode="w") as tar:
        document = json.dumps({"changes": changes}).encode()
        for name, content in {"changes.json": document, **contents}.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    _send(server, "POST", f"v1/directories/{directory}/changes", archive.getvalue(), CHANGES)


def _commit_ms(server: Nbcourier, directory: str, round_number: int) -> float:
    """The mean time of a commit of one file, in milliseconds."""
    begun = time.monotonic()
    for number in range(COMMITS):
        content = f"{round_number} {number}".encode()
        _send(server, "PUT", f"v1/directories/{directory}/files/0/new.txt", content)
    return (time.monotonic() - begun) / COMMITS * 1000


def _small_files(numbers: range) -> dict[str, bytes]:
    return {f"{number % 50}/file {number}.txt": b"%d" % number for number in numbers}


def _notebooks() -> dict[str, bytes]:
    return {
        f"unit{number % 10}/lesson{number}.ipynb": _notebook(number)
        for number in range(NOTEBOOKS)
    }


def _notebook(number: int) -> bytes:
    """Returns a notebook of one cell, whose text no other one has."""
    text = hashlib.sha256(b"%d" % number).hexdigest() * (NOTEBOOK_BYTES // 64)
    cell = {"cell_type": "markdown", "metadata": {}, "source": [text]}
    notebook = {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 4}
    return json.dumps(notebook).encode()


def _ask_for_material(
    server: Nbcourier, name: str, tag: str | None
) -> tuple[int, str | None]:
    """Sends the request of a start. Returns the status and the tag of the reply."""
    headers = {"Authorization": f"token {name}"} | ({"If-None-Match": tag} if tag else {})
    connection = http.client.HTTPConnection(
        "127.0.0.1", server.port, timeout=REQUEST_LIMIT_S
    )
    with contextlib.closing(connection):
        connection.request("GET", f"{PREFIX}/{DELIVERED}", headers=headers)
        reply = connection.getresponse()
        reply.read()
        return reply.status, reply.getheader("ETag")


def _send(
    server: Nbcourier,
    method: str,
    path: str,
    body: bytes,
    kind: str = "application/octet-stream",
) -> None:
    connection = http.client.HTTPConnection(
        "127.0.0.1", server.port, timeout=REQUEST_LIMIT_S
    )
    headers = {"Authorization": f"token {ADMIN}", "Content-Type": kind}
    with contextlib.closing(connection):
        connection.request(method, f"{PREFIX}/{path.replace(' ', '%20')}", body, headers)
        reply = connection.getresponse()
        text = reply.read()
    if reply.status >= 300:
        raise Broken(f"{method} {path}: {reply.status} {text[:300]!r}")
