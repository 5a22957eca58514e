"""Runs questions to the exchange on other threads, because a waiting handler blocks the whole notebook server."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Callable, TypeVar

T = TypeVar("T")

# A pool of our own, so that a slow exchange does not use up the threads of others.
_ASKING = ThreadPoolExecutor(4, "nbcourier")


async def ask(question: Callable[..., T], *arguments: Any) -> T:
    """Returns the result of the question, which runs on another thread."""
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(_ASKING, partial(question, *arguments))
