"""Keeps a folder and a server equal: `nbcourier sync` beside `rclone bisync` and `unison`."""

import contextlib
import json
import os
import random
import re
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bench import Bench
from figures import Figure
from keepers import (
    Cost,
    Keeper,
    Sums,
    rclone,
    start_nbcourier,
    start_rclone,
    start_unison,
    sums_of,
)
from servers import Broken
from tools import run

FILES = 2_000
FEW_FILES = 400
FOLDERS = 10
# Of five files of a folder, one holds data and four are notebooks. All 2,000 files together have 50 MB.
DATA_EVERY = 5
NOTEBOOK_BYTES = 20_000
DATA_BYTES = 45_000
# Short steps are measured so often in each round.
OFTEN = 3
CHANGED = "unit0/lesson1.ipynb"
RENAMED = ("unit1", "unit1 of last year")
# Nobody is writing the files any more, so no program waits for that.
AGE_S = 3_600
CHANGE_AGE_S = 60
WAIT = "10 s of nbcourier's time pass before a missing file counts as removed"
VERSION_LIMIT_S = 30

Change = Callable[[Path, random.Random], None]


@dataclass(frozen=True)
class Step:
    """A change of the folder, and the rows of the sync after it."""

    row: str
    change: Change
    times: int = 1
    note: str = ""


def measure(bench: Bench) -> None:
    """Measures the first sync of a folder, and those without a change, of one changed file and of a renamed folder."""
    files = FEW_FILES if bench.quick else FILES
    renamed = f"sync of a renamed folder of {files // FOLDERS} files"
    steps = [
        Step(f"first sync of {files:,} files", _filling(files)),
        Step("sync without a change", lambda _folder, _dice: None, OFTEN),
        Step("sync of one changed file", _change, OFTEN),
        Step(renamed, _rename, note=WAIT),
    ]
    rows = {
        name: [_Rows(bench, step, system) for step in steps]
        for name, system in _others(bench).items()
    }
    place = bench.place("sync")
    for number in range(bench.rounds):
        for at, costs in _round(bench, steps, number, place / str(number)):
            for name, of_steps in rows.items():
                of_steps[at].add(costs[name], costs["nbcourier"])
    # Files made just after as many were removed take the file system twice as long, so all of them stay until here.
    shutil.rmtree(place)


class _Rows:
    """The rows of a step, beside one of the other programs."""

    def __init__(self, bench: Bench, step: Step, beside: str) -> None:
        def figure(row: str, unit: str) -> Figure:
            return bench.figure(row, unit, better="less", beside=beside)

        self._seconds = figure(step.row, "s")
        self._seconds.note = step.note
        self._up = figure("… to the server", "kB")
        self._down = figure("… from the server", "kB")

    def add(self, other: Cost, ours: Cost) -> None:
        """Adds the costs of a round."""
        for cost, name in ((other, ""), (ours, "nbcourier")):
            self._seconds.of(name).append(cost.seconds)
            self._up.of(name).append(cost.up / 1000)
            self._down.of(name).append(cost.down / 1000)


def _round(
    bench: Bench, steps: list[Step], number: int, place: Path
) -> Iterator[tuple[int, dict[str, Cost]]]:
    """Yields the place of each step and its costs by the names of the programs, which take turns."""
    with contextlib.ExitStack() as stack:
        keepers = [
            stack.enter_context(start(bench, place / start.__name__))
            for start in (start_rclone, start_nbcourier, start_unison)
        ]
        for at, step in enumerate(steps):
            for turn in range(step.times):
                wanted = []
                for keeper in keepers:
                    dice = random.Random(f"{number} {at} {turn}")
                    step.change(keeper.here, dice)
                    wanted.append(sums_of(keeper.here))
                if wanted != wanted[:1] * len(wanted):
                    raise Broken(f"{step.row}: the folders differ before it")
                yield at, {each.name: _sync(each, step, wanted[0]) for each in keepers}


def _sync(keeper: Keeper, step: Step, wanted: Sums) -> Cost:
    """Runs a program. Fails if its folder or its server does not have these files afterwards."""
    cost = keeper.run()
    for side, found in (("folder", sums_of(keeper.here)), ("server", keeper.there())):
        others = sorted({path for path, _ in wanted.items() ^ found.items()})
        if others:
            raise Broken(
                f"{step.row}: the {side} of {keeper.name} has other files: {others[:5]}"
            )
    return cost


def _others(bench: Bench) -> dict[str, str]:
    """Returns the other programs with their versions."""
    asked = {
        "rclone": ("rclone bisync", [str(rclone(bench)), "version"]),
        "unison": ("unison", ["unison", "-version"]),
    }
    others = {}
    for name, (shown, command) in asked.items():
        said = run(command, limit=VERSION_LIMIT_S)
        version = re.search(r"\d+(\.\d+)+", said)
        if version is None:
            raise Broken(f"{' '.join(command)} said:\n{said}")
        others[name] = f"{shown} {version[0]}"
    return others


def _filling(files: int) -> Change:
    def fill(folder: Path, dice: random.Random) -> None:
        for number in range(files):
            unit = folder / f"unit{number % FOLDERS}"
            unit.mkdir(exist_ok=True)
            within = number // FOLDERS
            if within % DATA_EVERY:
                _write(unit / f"lesson{within}.ipynb", _notebook(dice), AGE_S)
            else:
                _write(unit / f"data{within}.bin", dice.randbytes(DATA_BYTES), AGE_S)

    return fill


def _change(folder: Path, dice: random.Random) -> None:
    if not (folder / CHANGED).exists():
        raise Broken(f"{CHANGED} is missing")
    _write(folder / CHANGED, _notebook(dice), CHANGE_AGE_S)


def _rename(folder: Path, _dice: random.Random) -> None:
    old, new = RENAMED
    (folder / old).rename(folder / new)


def _notebook(dice: random.Random) -> bytes:
    """Returns a notebook of one cell, whose text no other one has."""
    text = dice.randbytes(NOTEBOOK_BYTES // 2).hex()
    cell = {"cell_type": "markdown", "metadata": {}, "source": [text]}
    notebook = {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 4}
    return json.dumps(notebook).encode()


def _write(path: Path, content: bytes, age_s: float) -> None:
    """Writes a file as it is that long after its last change."""
    path.write_bytes(content)
    changed = time.time() - age_s
    os.utime(path, (changed, changed))
