"""Questions to the exchange from within a notebook server, which does nothing else while one of its handlers waits."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Callable, TypeVar

T = TypeVar("T")

# Threads of our own: a slow exchange must not take those that others use.
_ASKING = ThreadPoolExecutor(4, "nbcourier")


async def ask(question: Callable[..., T], *arguments: Any) -> T:
    """Returns what the question returns, asked on another thread."""
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(_ASKING, partial(question, *arguments))
