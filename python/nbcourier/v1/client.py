"""The requests below `v1/` that all resources of this API use."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, BinaryIO, Callable

from .. import digest, progress, tar
from ..answer import Answer
from ..body import Body
from ..errors import BrokenOff, CourierError, Refused, UnknownRequest
from ..http import Connection
from ..reply import Reply
from ..transport import Receive, ReceiveSubmission, RemoteFile, Submission

# The exchange's message for an unknown address. At a known address the message names the thing that is not found.
_NO_ADDRESS = "Not found"
# The maximum length of the list at the beginning of a stream, in bytes. It exceeds that of any class.
_LONGEST_LIST = 1 << 26


class V1Client:
    """A client of one exchange, for one person."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @property
    def left_out(self) -> list[str]:
        return self._connection.left_out

    @property
    def has_pages(self) -> bool:
        return True

    def _get(self, *names: str, **query: str) -> Answer:
        return self._ask("GET", *names, query=query, repeatable=True)

    def _pages(self, *names: str, **query: str) -> Iterator[Answer]:
        """Yields the pages of a listing."""
        seen = set()
        while True:
            page = self._get(*names, **query)
            yield page
            if "next" not in page:
                return
            cursor = page.text("next")
            if cursor in seen:
                raise CourierError("The exchange sends the same page of a listing again and again")
            seen.add(cursor)
            query["cursor"] = cursor

    def _delete(self, *names: str) -> None:
        try:
            self._ask("DELETE", *names, use=Reply.nothing, repeatable=True)
        except Refused as refused:
            # An earlier attempt removed it, and its answer was lost.
            if not (refused.missing and refused.repeated):
                raise

    def _ask(
        self,
        method: str,
        *names: str,
        use: Callable[[Reply], Any] = Reply.answer,
        **request: Any,
    ) -> Any:
        try:
            return self._connection.ask(method, "v1", *names, use=use, **request)
        except Refused as refused:
            if refused.status not in (404, 405):
                raise
            # A server that sends problem documents knows a part of `v1/`.
            entirely = refused.problem is None
            if entirely and refused.message == _NO_ADDRESS:
                # An ngshare has no such sentence. This exchange says it outside of its own addresses.
                address = self._connection.address
                raise CourierError(
                    f"An exchange answers at {address.url}, and has nothing there. {address.advice}"
                ) from refused
            if entirely or refused.status == 405 or refused.message == _NO_ADDRESS:
                raise UnknownRequest(refused, entirely=entirely) from refused
            raise

    def _remote_files(self, listed: Iterable[Answer]) -> tuple[RemoteFile, ...]:
        """Returns the files in a listing."""
        return tuple(self._connection.usable(listed, _remote_file))

    def _tree(self, receive: Receive, *names: str, resumable: bool = False) -> None:
        """Gets a tree and checks it against the digest in the reply."""

        def use(reply: Reply) -> None:
            with progress.bar("Receiving", reply.length) as done:
                entries = tar.read(reply.stream(tar.CONTENT_TYPE, done))
                content = digest.checked(entries, reply.header("X-Tree-Digest"))
                receive(content)
                exhaust(content)

        self._ask("GET", *names, use=use, repeatable=True, resumable=resumable)

    def _trees(
        self,
        key: str,
        wanted: dict[int, Submission],
        receive: ReceiveSubmission,
        *names: str,
        query: dict[str, str],
        resumable: bool = False,
    ) -> None:
        """Gets many trees in streams. Each begins with a list of its trees and the cursor of the next stream.

        Received trees are removed from `wanted`.
        """

        def use(reply: Reply) -> str | None:
            with progress.bar("Receiving", reply.length) as done:
                entries = tar.read(reply.stream(tar.CONTENT_TYPE, done))
                manifest = reply.parsed(_list(entries))
                _take(entries, manifest.parts(key), wanted, receive)
                return manifest.text_or_none("next")

        seen = set()
        while wanted:
            request = {"query": query, "repeatable": True, "resumable": resumable}
            cursor = self._ask("GET", *names, use=use, **request)
            if cursor is None:
                return
            if cursor in seen:
                raise CourierError("The exchange sends the same stream again and again")
            seen.add(cursor)
            query = query | {"cursor": cursor}


def at_assignment(course: str, name: str) -> tuple[str, ...]:
    """Returns the path of an assignment."""
    return "courses", course, "assignments", name


def json_body(content: Any) -> Body:
    """Returns a body of JSON."""
    return Body.of("application/json", json.dumps(content).encode())


def _remote_file(listed: Answer) -> RemoteFile:
    return RemoteFile(
        listed.text("path"),
        listed.text("md5"),
        listed.number("size"),
        listed.text("sha256"),
    )


def exhaust(content: Iterator) -> None:
    """Reads to the end, where a wrong digest or a broken archive raises an error."""
    for _ in content:
        pass


def _list(entries: Iterator[tuple[str, BinaryIO]]) -> bytes:
    name, file = next(entries, ("", None))
    if file is None or name != "manifest.json":
        raise BrokenOff("What the exchange sent has no beginning")
    content = file.read(_LONGEST_LIST + 1)
    if len(content) > _LONGEST_LIST:
        raise CourierError("The list of what the exchange sends does not end")
    return content


def _take(
    entries: Iterator[tuple[str, BinaryIO]],
    listed: list[Answer],
    wanted: dict[int, Submission],
    receive: ReceiveSubmission,
) -> None:
    for each in listed:
        # Feedback is named by the ID of its submission.
        number = each.number("submission" if "submission" in each else "id")
        files = tar.below(islice(entries, each.number("files")), str(number))
        content = digest.checked(files, each.text("tree"))
        submission = wanted.get(number)
        if submission is not None:
            receive(submission, content)
            del wanted[number]
        exhaust(content)
