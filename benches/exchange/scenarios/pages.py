"""The pages of a class of 1,000, and what their readers cost the students who submit at the same time."""

import contextlib
import http.client
import threading
import time
from collections.abc import Iterator

from bench import Bench
from figures import alternate
from seed import Class, fill
from servers import ADMIN, PREFIX, Broken, Server
from tools import requests_per_second
from wire import student

# In stand-alone mode, this cookie names the reader of a page.
READER = "Cookie: nbcourier-trial={}"
CLASS = Class("crowd", students=1000, submissions=818)
BOARD = f"c/{CLASS.course}/a/a0"
STUDENT = student(7)
ALONE = "without pages"

# The title, the path, and the reader.
PAGES = [
    ("home page of a student", "", STUDENT),
    ("page of an assignment, for a student", BOARD, STUDENT),
    ("the class of an assignment, 1,000 students", BOARD, ADMIN),
    ("everybody, 1,000 students", f"c/{CLASS.course}/everybody", ADMIN),
]
# Students who reload their page, and instructors whose page asks for the live part, per second.
RELOADS = 20
UPDATES = 5
AT_ONCE = 8
SUBMISSIONS = 640


def measure(bench: Bench) -> None:
    """Measures the rates of pages, and the submissions at 64 at once with and without readers."""
    with bench.start_nbcourier() as server:
        fill(server, bench.load, CLASS)
        for title, path, reader in PAGES:
            figure = bench.figure(title, "pages/s", better="more")
            for _ in range(bench.rounds):
                figure.nbcourier.append(_rate(bench, server, path, READER.format(reader)))
        live = f"live/{CLASS.place}?user={ADMIN}"
        figure = bench.figure("… its live part, unchanged", "requests/s", better="more")
        for _ in range(bench.rounds):
            # The tag holds for a minute at most.
            tag = f"If-None-Match: {_tag(server, live)}"
            figure.nbcourier.append(_rate(bench, server, live, tag))
        figure = bench.figure(
            f"{SUBMISSIONS} × 200 KB at 64 at once, pages being read",
            "s",
            better="less",
            wanted=0.9,
            beside=ALONE,
        )

        def with_readers() -> float:
            with _readers(server, live):
                return _submit(bench, server)

        alternate(figure, 2 * bench.rounds, lambda: _submit(bench, server), with_readers)


def _rate(bench: Bench, server: Server, path: str, header: str) -> float:
    return requests_per_second(
        server, path, connections=AT_ONCE, seconds=bench.seconds, header=header
    )


def _submit(bench: Bench, server: Server) -> float:
    options = {"count": SUBMISSIONS, "students": CLASS.students, "files": 5}
    report = bench.load.submit(
        server, CLASS.place, connections=64, bytes=40_000, **options
    )
    return report["seconds"]


def _tag(server: Server, path: str) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    with contextlib.closing(connection):
        connection.request("GET", f"{PREFIX}/{path}")
        reply = connection.getresponse()
        tag = reply.getheader("ETag")
    if reply.status != 200 or tag is None:
        raise Broken(f"{path}: {reply.status}, without a tag")
    return tag


@contextlib.contextmanager
def _readers(server: Server, live: str) -> Iterator[None]:
    """Keeps students and instructors reading. Each reply must be a page."""
    over = threading.Event()
    failures: list[str] = []

    def read(path: str, cookie: str | None, per_second: int) -> None:
        headers = {} if cookie is None else {"Cookie": cookie.partition(": ")[2]}
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        with contextlib.closing(connection):
            while not over.is_set():
                begun = time.monotonic()
                connection.request("GET", f"{PREFIX}/{path}", headers=headers)
                reply = connection.getresponse()
                reply.read()
                if reply.status != 200:
                    failures.append(f"{path}: {reply.status}")
                over.wait(max(0, begun + 1 / per_second - time.monotonic()))

    threads = [
        threading.Thread(target=read, args=(BOARD, READER.format(STUDENT), RELOADS)),
        threading.Thread(target=read, args=(live, None, UPDATES)),
        threading.Thread(target=read, args=(BOARD, READER.format(ADMIN), 1)),
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join()
    if failures:
        raise Broken(failures[0])
