"""The environment of this process, and the hub's token in it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from .errors import CourierError, is_invisible


class Environment(Mapping[str, str]):
    """The environment, of which only text is read. Python shows other bytes as characters that no request can carry."""

    def __getitem__(self, name: str) -> str:
        value = os.environ[name]
        try:
            value.encode()
        except UnicodeEncodeError:
            raise CourierError(
                f"The environment variable {name} is not valid UTF-8. Set it to plain text, or unset it"
            ) from None
        return value

    def __iter__(self) -> Iterator[str]:
        return iter(os.environ)

    def __len__(self) -> int:
        return len(os.environ)


def token() -> str:
    """Returns the hub's token; raises `CourierError` if there is none, or if it is none of a hub."""
    # As in the program, a configured file comes first.
    file = os.environ.get("NBCOURIER_TOKEN_FILE")
    source = f"'{file}' (NBCOURIER_TOKEN_FILE)" if file else "JUPYTERHUB_API_TOKEN"
    if file:
        try:
            found = Path(file).read_text("utf-8").strip()
        except (OSError, ValueError) as error:
            raise CourierError(f"The token in {source} cannot be read: {error}") from error
    else:
        # Secrets are often files, whose last line ends.
        found = (Environment().get("JUPYTERHUB_API_TOKEN") or "").strip()
    if not found:
        raise CourierError(
            "There is no JUPYTERHUB_API_TOKEN here, so the exchange cannot know who you are"
        )
    if any(map(is_invisible, found)):
        raise CourierError(
            f"What {source} holds is no token of a hub: it has several lines or invisible characters. Copy the token again"
        )
    return found
