"""Checks of names and paths that the exchange sends, before files are named after them."""

from __future__ import annotations

import os
import unicodedata

from .errors import Illegal, printable

# The longest name in common file systems, in bytes.
MAX_NAME_BYTES = 255
# The longest path in Linux, in bytes.
_MAX_PATH_BYTES = 4096
# The maximum depth of directories, the file included. The exchange has the same limit.
_MAX_DEPTH = 64


def name(what: str, text: str, *, windows: bool = os.name == "nt") -> str:
    """Returns the text if it can be the name of one directory, whatever it is joined to; else raises `Illegal`.

    `what` describes the name in the message. `windows`: whether backslashes and colons are illegal, because they lead
    elsewhere on Windows. On other systems they are ordinary characters, and in use.
    """
    if not _is_component(text) or (windows and any(each in text for each in "\\:")):
        raise Illegal(f"{shown(text)} cannot be the {what}")
    return text


def course_name(text: str) -> str:
    """Returns the text if it can be the name of a course; else raises `Illegal`."""
    return name("name of a course", text)


def path(text: str) -> str:
    """Returns the text if it is a relative path below a directory, with forward slashes; else raises `Illegal`.

    Backslashes and drives are illegal on all systems, because the exchange does not accept them. The path may be
    deeper than new ones, because the exchange may have stored it before it had a limit.
    """
    is_place = "\0" not in text and all(map(_is_one_step, text.split("/")))
    if not is_place or _unsafety(text) is not None:
        raise Illegal(f"{shown(text)} cannot be the path of a file")
    return text


def fault_of_path(text: str) -> str | None:
    """Returns why no exchange accepts a file with this path; None if the path is valid.

    Computers of all kinds have to be able to write it.
    """
    if fault := _unsafety(text):
        return fault
    if is_too_deep(text):
        return f"it lies in more than {_MAX_DEPTH - 1} directories"
    return None


def is_too_deep(text: str) -> bool:
    """Whether the path has more steps than a new one may have. Programs that walk trees fail at some depth."""
    return text.count("/") >= _MAX_DEPTH


def _unsafety(text: str) -> str | None:
    if not is_text(text):
        return "its name is not UTF-8. Rename it"
    if "\\" in text:
        return "a name with a backslash is a path on Windows. Rename it"
    if _names_drive(text):
        return "its name begins as that of a drive on Windows. Rename it"
    if len(text.encode()) > _MAX_PATH_BYTES:
        return f"its path is longer than {_MAX_PATH_BYTES} bytes. Shorten it"
    return None


def shown(text: str) -> str:
    """Returns a text of unknown origin in a form for terminals: quoted, in one line, and of limited length."""
    return f"'{printable(text, MAX_NAME_BYTES)}'"


def _is_component(text: str) -> bool:
    return (
        _is_one_step(text)
        and "/" not in text
        and not any(unicodedata.category(each) == "Cc" for each in text)
    )


def _is_one_step(text: str) -> bool:
    return (
        text not in ("", ".", "..")
        and is_text(text)
        and len(text.encode()) <= MAX_NAME_BYTES
    )


def is_text(text: str) -> bool:
    """Whether the text can be encoded. JSON can contain lone surrogates, and a command line bytes that are no UTF-8."""
    return not any("\ud800" <= each <= "\udfff" for each in text)


def _names_drive(text: str) -> bool:
    return text[1:2] == ":" and text[0].isascii() and text[0].isalpha()
