"""A large class at a real hub, whose students submit at the same time."""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Barrier
from urllib.parse import quote

import requests
from hub import ADMIN, Hub
from lesson import archive

LIMIT_S = 120
POLL_S = 0.3
TEACHER = "ira"


@dataclass
class Crowd:
    """A course of a hub with the students who submit, each with a token of the hub."""

    hub: Hub
    name: str
    tokens: dict[str, str]
    # The receipts of all submissions.
    receipts: list[dict] = field(default_factory=list)

    @property
    def path(self) -> str:
        """Returns the address of the course."""
        return f"v1/courses/{quote(self.name)}"

    @property
    def page(self) -> str:
        """Returns the address of the page of the course."""
        return f"c/{quote(self.name)}"

    def call(self, method: str, path: str, who: str, body: object = None) -> dict:
        """Sends JSON or an archive with the token of a person, again while the exchange is busy, and returns the reply."""
        is_bytes = isinstance(body, bytes)
        kind = "application/x-tar" if is_bytes else "application/json"
        sent = {"data": body} if is_bytes else {"json": body}
        headers = {"Authorization": f"token {self.tokens[who]}", "Content-Type": kind}
        address = f"{self.hub.service_url}/{path}"
        limit = time.monotonic() + LIMIT_S
        while True:
            reply = requests.request(method, address, headers=headers, timeout=LIMIT_S, **sent)
            if reply.status_code not in (429, 503) or time.monotonic() > limit:
                break
            time.sleep(POLL_S)
        assert reply.ok, (method, path, reply.status_code, reply.text)
        return reply.json() if reply.content else {}

    def make(self, people: list[dict]) -> None:
        """Makes the course with its teacher and these students."""
        self.call("POST", f"course/{quote(self.name)}", ADMIN)
        teacher = {"username": TEACHER, "role": "instructor"}
        students = [each | {"role": "student"} for each in people]
        roster = {"people": [teacher, *students]}
        self.call("PUT", f"{self.path}/roster", ADMIN, roster)

    def release(self, assignment: str, files: dict[str, bytes], dates: dict[str, str]) -> None:
        """Releases an assignment with its dates."""
        path = f"{self.path}/assignments/{quote(assignment)}"
        self.call("PUT", f"{path}/tree", TEACHER, archive(files))
        self.call("PUT", f"{path}/dates", TEACHER, dates)

    def submit(self, assignment: str, who: str, files: dict[str, bytes]) -> None:
        """Submits as a student."""
        path = f"{self.path}/assignments/{quote(assignment)}/submissions"
        reply = self.call("POST", path, who, archive(files))
        self.receipts.append(reply["receipt"])

    def submit_at_once(self, assignment: str, students: list[str]) -> None:
        """Lets all students submit work of their own at the same moment."""
        start = Barrier(len(students))
        attempt = len(self.receipts)

        def submit(who: str) -> None:
            answer = f'{{"cells": ["{who}, {attempt}"]}}'.encode()
            start.wait(LIMIT_S)
            self.submit(assignment, who, {"problem1.ipynb": answer})

        with ThreadPoolExecutor(len(students)) as pool:
            list(pool.map(submit, students))

    def submissions(self, assignment: str) -> list[dict]:
        """Returns all submissions to the assignment that the exchange lists."""
        path = f"{self.path}/submissions?assignment={quote(assignment)}"
        found, cursor = [], ""
        while True:
            page = self.call("GET", path + cursor, TEACHER)
            found += page["submissions"]
            if not page.get("next"):
                return found
            cursor = f"&cursor={quote(str(page['next']))}"
