"""The fixtures of these tests: the packages, and a machine with a hub."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from machine import Machine, require_root
from town import Town

ROOT = Path(__file__).parents[2]
LIMIT_S = 1800


@pytest.fixture(scope="session")
def debs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with both packages, around the program under test."""
    require_root()
    place = tmp_path_factory.mktemp("debs")
    built = ROOT / "target" / "debug" / "nbcourier"
    variables = {
        "NBCOURIER_BIN": str(built),
        "NBCOURIER_DEB_PACKING": "-Zzstd -z1",
        **os.environ,
        "NBCOURIER_DEBS": str(place),
    }
    done = subprocess.run(
        [ROOT / "scripts" / "deb.sh"],
        env=variables,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return place


@pytest.fixture(scope="session")
def base() -> Path:
    """The Debian that machines begin as."""
    return Path(os.environ["NBCOURIER_CACHE"]) / "debian" / "machine"


@pytest.fixture(scope="module")
def machine(
    base: Path, debs: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Machine]:
    """A fresh Debian for the tests of a file."""
    made = Machine(base, tmp_path_factory.mktemp("machine"), debs)
    yield made
    made.close()


@pytest.fixture(scope="module")
def town(machine: Machine) -> Town:
    """A hub on the machine, with a delegate and other people."""
    return Town(machine)
