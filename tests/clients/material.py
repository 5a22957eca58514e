"""The names and files of the course: difficult for a protocol, but all of them legal for nbgrader."""

import random

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from trees import Tree

COURSE = "Ökonomie (2026) A"
OTHER_COURSE = "plain101"
# No parentheses, because the stock client takes the name for a pattern when it looks for feedback to release.
ASSIGNMENT = "ps 1 – Übung"
ASSIGNMENT_WITH_PARENTHESES = "ps (2)"
NOTEBOOK = "problem"

ALL_BYTES = bytes(range(256))
# Larger than 300 KiB, and not a multiple of the three bytes that base64 encodes at a time.
BIG = random.Random(1).randbytes(311 * 1024 + 1)

SOLUTION = "### BEGIN SOLUTION\n    return x * x\n    ### END SOLUTION"


def source_tree() -> Tree:
    """Returns the assignment as its author writes it, with the solution."""
    return {
        f"{NOTEBOOK}.ipynb": _notebook(SOLUTION),
        "empty.txt": b"",
        "read me (first).md": "Größe: √2 ≈ 1,414\n".encode(),
        "tables/räw data (1).csv": b"a;b\r\n1;2\r\n",
        "tables/deep/er/all bytes.bin": ALL_BYTES,
        "tables/deep/big.bin": BIG,
    }


def release_tree() -> Tree:
    """Returns the assignment as students get it, for tests in which nbgrader does not generate it."""
    return source_tree() | {f"{NOTEBOOK}.ipynb": _notebook("raise NotImplementedError")}


def answers(released: Tree, who: str, attempt: int) -> Tree:
    """Returns a student's submission: the completed notebook, and a file of their own in a new folder."""
    notebook = nbformat.reads(released[f"{NOTEBOOK}.ipynb"].decode(), as_version=4)
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("grade_id") == "square":
            cell.source = f"def square(x):\n    # {who}, {attempt}\n    return x * x"
    mine = f"Réponse n° {attempt} de {who}\n".encode()
    return {
        f"{NOTEBOOK}.ipynb": nbformat.writes(notebook).encode(),
        f"réponses/{attempt}/texte.txt": mine,
        "réponses/nothing.dat": b"",
        "réponses/image.bin": ALL_BYTES[::-1] * attempt,
    }


def _notebook(body: str) -> bytes:
    cells = [
        new_markdown_cell("Write `square`."),
        new_code_cell(
            f"def square(x):\n    {body}",
            metadata={"nbgrader": _cell("square", solution=True)},
        ),
        new_code_cell(
            "assert square(3) == 9",
            metadata={
                "nbgrader": _cell("test_square", grade=True, locked=True, points=2)
            },
        ),
    ]
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number}"
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = new_notebook(cells=cells, metadata={"kernelspec": kernel})
    return nbformat.writes(notebook).encode()


def _cell(
    grade_id: str,
    *,
    grade: bool = False,
    solution: bool = False,
    locked: bool = False,
    points: int | None = None,
) -> dict:
    cell = {
        "grade_id": grade_id,
        "grade": grade,
        "solution": solution,
        "locked": locked,
        "task": False,
        "schema_version": 3,
    }
    return cell if points is None else cell | {"points": points}
