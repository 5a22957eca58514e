"""A bar for whoever waits at a terminal; silence everywhere else."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Callable

# What is done sooner needs no bar.
_DELAY_S = 1.0


@contextmanager
def bar(
    what: str, total: int | None, unit: str = "B"
) -> Iterator[Callable[[int], object]]:
    """Yields what is called with each amount that got done; nothing is shown without tqdm or without a terminal."""
    try:
        from tqdm import tqdm
    except ImportError:
        tqdm = None
    if tqdm is None or not sys.stderr.isatty():
        yield lambda amount: None
        return
    with tqdm(
        desc=what,
        total=total,
        unit=unit,
        unit_scale=unit == "B",
        delay=_DELAY_S,
        leave=False,
    ) as shown:
        yield shown.update
