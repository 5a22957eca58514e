"""Prints the seconds of one pull by nbgitpuller, without the start of Python: URL and folder are the arguments."""

import sys
import time

from nbgitpuller.pull import GitPuller

url, folder = sys.argv[1:]
puller = GitPuller(url, folder, branch="main")
begun = time.monotonic()
for _ in puller.pull():
    pass
print(time.monotonic() - begun)
