"""A progress bar on a terminal. It is silent elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Callable

# Work that takes less time shows no bar.
_DELAY_S = 1.0


@contextmanager
def bar(
    what: str, total: int | None, unit: str = "B"
) -> Iterator[Callable[[int], object]]:
    """Yields a function that is called with each finished amount; shows nothing without tqdm or a terminal."""
    tqdm = _tqdm() if sys.stderr.isatty() else None
    if tqdm is None:
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


def _tqdm() -> Callable[..., Any] | None:
    # Imported only for a terminal, because it takes a hundredth of the time of a command.
    try:
        from tqdm import tqdm
    except ImportError:
        return None
    return tqdm
