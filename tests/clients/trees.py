"""Directory trees as plain data, and their comparison byte for byte."""

import base64
import hashlib
from pathlib import Path

Tree = dict[str, bytes]


def read_tree(directory: Path) -> Tree:
    """Returns all files below the directory, by path with forward slashes."""
    assert directory.is_dir(), f"{directory} is no directory"
    return {
        path.relative_to(directory).as_posix(): path.read_bytes()
        for path in sorted(directory.rglob("*"))
        if path.is_file()
    }


def write_tree(directory: Path, tree: Tree) -> None:
    """Writes the files to the directory, beside existing ones."""
    for name, content in tree.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def decoded(files: list[dict]) -> Tree:
    """Returns the file list of a reply as a tree."""
    return {file["path"]: base64.b64decode(file["content"]) for file in files}


def without(tree: Tree, *names: str) -> Tree:
    """Returns the tree without some files, such as the `timestamp.txt` that the clients add."""
    return {name: content for name, content in tree.items() if name not in names}


def below(tree: Tree, folder: str) -> Tree:
    """Returns the part of the tree inside one of its folders."""
    prefix = f"{folder}/"
    return {
        name.removeprefix(prefix): content
        for name, content in tree.items()
        if name.startswith(prefix)
    }


def assert_same_tree(actual: Tree, expected: Tree) -> None:
    """Fails with one readable line for each file that differs, instead of a screen of bytes."""
    differences = [
        f"{name}: {_shown(actual.get(name))}, expected {_shown(expected.get(name))}"
        for name in sorted(actual.keys() | expected.keys())
        if actual.get(name) != expected.get(name)
    ]
    assert not differences, "\n".join(["the trees differ:", *differences])


def _shown(content: bytes | None) -> str:
    if content is None:
        return "missing"
    return f"{len(content)} bytes, SHA-256 {hashlib.sha256(content).hexdigest()[:12]}"
