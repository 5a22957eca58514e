"""The places of the exchanges in tests: a directory of their own, or a database of PostgreSQL and a part of a bucket.

`scripts/test-places.sh` runs tests with the latter.
"""

import itertools
import os
import subprocess

_NUMBERS = itertools.count(1)
_KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")


def options() -> list[str]:
    """Returns the options of `nbcourier serve` for an empty place, besides its data directory."""
    databases = os.environ.get("NBCOURIER_TEST_POSTGRES")
    if databases is None:
        return []
    name = f"exchange_of_{os.getpid()}_{next(_NUMBERS)}"
    create = ["psql", "--no-psqlrc", "--quiet", f"--command=CREATE DATABASE {name}"]
    subprocess.run([*create, f"{databases}postgres"], check=True, timeout=60)
    return [
        f"--database={databases}{name}",
        "--database-connections=5",
        f"--storage=s3://{os.environ['NBCOURIER_TEST_BUCKET']}/{name}",
        f"--s3-endpoint={os.environ['NBCOURIER_TEST_S3_ENDPOINT']}",
    ]


def keys() -> dict[str, str]:
    """Returns the environment variables with the keys of the bucket."""
    return {name: os.environ[name] for name in _KEYS if name in os.environ}
