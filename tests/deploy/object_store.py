"""An object store in the network of a pod."""

import os
import subprocess
import time
from pathlib import Path

from network import Network

KEY = {"accessKeyId": "nbcourier", "secretAccessKey": "a-long-random-key"}
PORT = 9000
# The arguments of rclone. Each directory below the last one is a bucket.
ARGUMENTS = [
    *("serve", "s3", "--config", "/dev/null", "--addr", f"127.0.0.1:{PORT}"),
    *("--auth-key", ",".join(KEY.values()), "/data"),
]
LIMIT_S = 60
POLL_S = 0.1


class ObjectStore:
    """A server of rclone with one bucket, whose objects are files."""

    def __init__(
        self,
        network: Network,
        place: Path,
        bucket: str = "work",
        arguments: list[str] = ARGUMENTS,
    ) -> None:
        self.bucket = place / "objects" / bucket
        self.bucket.mkdir(parents=True)
        self._enter = ["nsenter", f"--net={network.path}"]
        cache = Path(os.environ["NBCOURIER_CACHE"])
        self._output = (place / "rclone-output").open("w")
        command = [
            *self._enter,
            cache / "s3" / "bin" / "rclone",
            *arguments[:-1],
            self.bucket.parent,
        ]
        self._server = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=self._output,
        )
        deadline = time.monotonic() + LIMIT_S
        while not self._answers():
            assert time.monotonic() < deadline, "rclone does not start"
            time.sleep(POLL_S)

    def _answers(self) -> bool:
        connect = f"exec 3<>/dev/tcp/127.0.0.1/{PORT}"
        tried = subprocess.run(
            [*self._enter, "bash", "-c", connect],
            stderr=subprocess.DEVNULL,
            timeout=LIMIT_S,
        )
        return tried.returncode == 0

    def names(self) -> list[str]:
        """Returns the names of the objects with bytes of files."""
        files = (path for path in self.bucket.rglob("*") if path.is_file())
        names = sorted(str(path.relative_to(self.bucket)) for path in files)
        return [name for name in names if "nbcourier-" not in name]

    def stop(self) -> None:
        """Stops the server."""
        self._server.kill()
        self._server.wait(timeout=LIMIT_S)
        self._output.close()
