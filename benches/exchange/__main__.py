"""Measures nbcourier beside ngshare 0.6.0, in the same run, on fresh data.

`make bench` calls it with everything in place. It prints the table of docs/performance.md.
"""

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path

from bench import Bench
from figures import table
from scenarios import SCENARIOS
from servers import Broken
from tools import Load

ROOT = Path(__file__).resolve().parents[2]


def main() -> int:
    """Runs the requested scenarios. Returns 1 if one of them failed."""
    wanted = arguments()
    shutil.rmtree(wanted.directory, ignore_errors=True)
    wanted.directory.mkdir(parents=True)
    bench = Bench(
        nbcourier=wanted.target / "release" / "nbcourier",
        ngshare=wanted.cache / "ngshare" / "bin" / "python",
        client=wanted.cache / "clients" / "bin" / "python",
        load=Load(wanted.target / "release" / "examples" / "load"),
        directory=wanted.directory,
        quick=wanted.quick,
    )
    failures = 0
    for name in wanted.only or SCENARIOS:
        begun = time.monotonic()
        shown = len(bench.figures)
        print(f"{name} …", end=" ", file=sys.stderr, flush=True)
        try:
            SCENARIOS[name](bench)
        except (Broken, OSError, subprocess.SubprocessError) as error:
            failures += 1
            print(f"could not be measured: {error}", file=sys.stderr)
        print(f"{time.monotonic() - begun:.0f} s", file=sys.stderr)
        print(table(bench.figures[shown:]), file=sys.stderr, flush=True)
    print(f"\n{machine()}\n")
    print(table(bench.figures))
    figures = [
        asdict(figure) | {"ratio": figure.ratio, "reached": figure.reached}
        for figure in bench.figures
    ]
    (wanted.directory / "figures.json").write_text(json.dumps(figures, indent=1))
    return 1 if failures else 0


def arguments() -> argparse.Namespace:
    """Parses the command line."""
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    caches = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    cache = Path(os.environ.get("NBCOURIER_CACHE", caches / "nbcourier"))
    parser = argparse.ArgumentParser(prog="exchange", description=__doc__)
    parser.add_argument(
        "--quick",
        action="store_true",
        help="fewer and smaller, in four or five minutes",
    )
    parser.add_argument(
        "--only",
        action="append",
        choices=SCENARIOS,
        metavar="SCENARIO",
        help=f"one of {', '.join(SCENARIOS)}; may be given again",
    )
    parser.add_argument(
        "--target", type=Path, default=target, help="where cargo builds"
    )
    parser.add_argument(
        "--cache", type=Path, default=cache, help="where setup-bench.sh installs"
    )
    parser.add_argument(
        "--directory",
        type=Path,
        default=target / "bench-exchange",
        help="where the servers keep their data meanwhile; emptied first",
    )
    return parser.parse_args()


def machine() -> str:
    """Describes the machine of the measurement."""
    commit = subprocess.run(
        ["git", "-C", str(ROOT), "describe", "--always", "--dirty"],
        capture_output=True,
        text=True,
        check=False,
    ).stdout.strip()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{time.strftime('%Y-%m-%d')}, {os.cpu_count()} cores, {memory:.0f} GiB, {platform.system()}"
        f" {platform.release()}; nbcourier {commit or '?'}, ngshare 0.6.0 on Python {platform.python_version()}"
    )


if __name__ == "__main__":
    sys.exit(main())
