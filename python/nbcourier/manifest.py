"""How a tree is sent: a small one as it is; of a large one its list of files first, and then what the exchange lacks."""

from __future__ import annotations

import json
from typing import Any, Callable

from . import tar
from .body import Body
from .digest import Summed
from .errors import CourierError, Refused

# A tree up to this many bytes is sent at once: it is soon there, and to ask first would take as long.
SMALL = 1 << 16
_LIST = "application/json"
_LIST_AND_FILES = "application/vnd.nbcourier.manifest+x-tar"
_MISSING = "urn:nbcourier:missing-blobs"
# Only when files vanish from the exchange between two requests is there a third.
_ROUNDS = 3


def send(files: list[Summed], ask: Callable[[Body], Any]) -> Any:
    """Gets the tree to the exchange by `ask`, which sends one body, and returns what that returned at last."""
    if sum(each.size for each in files) <= SMALL:
        return ask(tar.body([_member(each.file.path, each) for each in files]))
    listed = _listed(files)
    by_sum = {each.sha256: each for each in files}
    body = Body.of(_LIST, listed).compressed()
    for _ in range(_ROUNDS):
        try:
            return ask(body)
        except Refused as refused:
            body = _with_files(listed, _missing(refused, by_sum))
    raise CourierError("The exchange keeps forgetting what was sent; try again later")


def _listed(files: list[Summed]) -> bytes:
    items = [
        {"path": each.file.path, "sha256": each.sha256, "size": each.size}
        for each in files
    ]
    return json.dumps({"files": items}).encode()


def _missing(refused: Refused, by_sum: dict[str, Summed]) -> list[Summed]:
    problem = refused.problem or {}
    if problem.get("type") != _MISSING:
        raise refused
    try:
        return [by_sum[sha256] for sha256 in dict.fromkeys(problem["missing"])]
    except (KeyError, TypeError) as error:
        raise CourierError("The exchange asks for files that are not here") from error


def _with_files(listed: bytes, missing: list[Summed]) -> Body:
    manifest = tar.Member.of("manifest.json", listed)
    members = [_member(each.sha256, each) for each in missing]
    return tar.body([manifest, *members], _LIST_AND_FILES).compressed()


def _member(name: str, each: Summed) -> tar.Member:
    return tar.Member.at(name, each.size, each.file.source)
