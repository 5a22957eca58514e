"""Sends trees: a small one in one request; for a large one the list of files first, then what the exchange lacks."""

from __future__ import annotations

import json
from typing import Any, Callable

from . import tar
from .body import Body
from .digest import HashedFile
from .errors import CourierError, Refused

# The maximum size of a tree that is sent in one request, in bytes. Asking first would take as long.
SMALL = 1 << 16
_LIST = "application/json"
_LIST_AND_FILES = "application/vnd.nbcourier.manifest+x-tar"
_MISSING = "urn:nbcourier:missing-blobs"
# The maximum number of requests. A third is needed only if files vanish from the exchange in between.
_ROUNDS = 3


def send(files: list[HashedFile], ask: Callable[[Body], Any]) -> Any:
    """Sends the tree by `ask`, which sends one body, and returns the last result of `ask`."""
    if sum(each.size for each in files) <= SMALL:
        return ask(tar.body([_member(each.file.path, each) for each in files]))
    listed = _listed(files)
    body = Body.of(_LIST, listed).compressed()
    for _ in range(_ROUNDS):
        try:
            return ask(body)
        except Refused as refused:
            body = _with_files(listed, _missing(refused, files))
    raise CourierError("The exchange keeps forgetting what was sent; try again later")


def _listed(files: list[HashedFile]) -> bytes:
    items = [
        {"path": each.file.path, "sha256": each.sha256, "size": each.size}
        for each in files
    ]
    return json.dumps({"files": items}).encode()


def _missing(refused: Refused, files: list[HashedFile]) -> list[HashedFile]:
    problem = refused.problem or {}
    if problem.get("type") != _MISSING:
        raise refused
    by_sum = {each.sha256: each for each in files}
    try:
        return [by_sum[sha256] for sha256 in dict.fromkeys(problem["missing"])]
    except (KeyError, TypeError) as error:
        raise CourierError("The exchange asks for files that are not here") from error


def _with_files(listed: bytes, missing: list[HashedFile]) -> Body:
    manifest = tar.Member.of("manifest.json", listed)
    members = [_member(each.sha256, each) for each in missing]
    return tar.body([manifest, *members], _LIST_AND_FILES).compressed()


def _member(name: str, each: HashedFile) -> tar.Member:
    return tar.Member.at(name, each.size, each.file.source)
