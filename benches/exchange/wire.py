"""Single requests of the protocol, for creating courses and for measuring one request at a time."""

import base64
import contextlib
import http.client
import json
import time
import urllib.parse

from servers import ADMIN, PREFIX, Broken, Server

REQUEST_LIMIT_S = 300


def call(server: Server, method: str, path: str, **fields: str) -> dict:
    """Sends a request as the administrator, by name and by token. It must succeed."""
    form = urllib.parse.urlencode({"user": ADMIN} | fields)
    target = f"{PREFIX}/{path}"
    headers = {"Authorization": f"token {ADMIN}"}
    if method == "GET":
        target, body = f"{target}?{form}", None
    else:
        body = form
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    connection = http.client.HTTPConnection(
        "127.0.0.1", server.port, timeout=REQUEST_LIMIT_S
    )
    with contextlib.closing(connection):
        connection.request(method, target, body=body, headers=headers)
        reply = connection.getresponse()
        text = reply.read()
    if reply.status != 200:
        raise Broken(f"{server.name}: {method} {path}: {reply.status} {text[:200]!r}")
    return json.loads(text)


def timed(server: Server, method: str, path: str, **fields: str) -> float:
    """Returns the time of a request in seconds."""
    begun = time.monotonic()
    call(server, method, path, **fields)
    return time.monotonic() - begun


def release(
    server: Server, course: str, assignment: str, files: dict[str, bytes]
) -> None:
    """Releases an assignment with these files."""
    listed = [
        {"path": path, "content": base64.b64encode(content).decode()}
        for path, content in files.items()
    ]
    call(server, "POST", f"assignment/{course}/{assignment}", files=json.dumps(listed))


def roster(count: int) -> str:
    """Returns the field `students` that enrols this number of students."""
    people = [
        {
            "username": student(number),
            "first_name": "Sam",
            "last_name": f"Student {number}",
            "email": f"{student(number)}@example.org",
        }
        for number in range(count)
    ]
    return json.dumps(people)


def student(number: int) -> str:
    """Returns the name of a student, as the load client makes it."""
    return f"s{number:05}"
