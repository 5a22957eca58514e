"""A progress bar on a terminal. It is silent elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Callable

# Work that takes less time shows no bar.
_DELAY_S = 1.0


@contextmanager
def bar(
    what: str, total: int | None, unit: str = "B"
) -> Iterator[Callable[[int], object]]:
    """Yields a function that is called with each finished amount; shows nothing without tqdm or a terminal."""
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
