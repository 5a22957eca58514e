"""A hub that takes every token for its owner's name and answers after a set time. Run: fake_hub.py PORT MS"""

import asyncio
import json
import sys


async def serve(port: int, delay_s: float) -> None:
    """Serves on the loopback address until the process ends."""

    async def answer(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                if delay_s:
                    await asyncio.sleep(delay_s)
                writer.write(reply_to(head))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", port, backlog=512)
    async with server:
        await server.serve_forever()


def reply_to(head: str) -> bytes:
    """Returns the owner of the token in the head of a request, in the form of JupyterHub."""
    name = ""
    for line in head.split("\r\n"):
        field, _, value = line.partition(":")
        if field.lower() == "authorization":
            name = value.split()[-1]
    owner = {
        "kind": "user",
        "name": name,
        "admin": False,
        "groups": [],
        "scopes": ["access:services", f"read:users:name!user={name}"],
    }
    body = json.dumps(owner).encode()
    return (
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
        b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
    )


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), float(sys.argv[2]) / 1000))
