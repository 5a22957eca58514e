"""The first process of a Debian inside this machine: turns the loopback interface on, waits for children that nobody waits
for, and ends when its standard input ends. All other processes then end too.
"""

import fcntl
import os
import signal
import socket
import struct
import sys
import threading

SIOCSIFFLAGS = 0x8914
IFF_UP = 1


def main() -> None:
    """Runs until standard input ends."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", IFF_UP))
    threading.Thread(target=end_with_input, daemon=True).start()
    signal.signal(signal.SIGCHLD, lambda *_: None)
    print("ready", flush=True)
    while True:
        signal.sigtimedwait([], 0.2)
        while has_children() and os.waitpid(-1, os.WNOHANG) != (0, 0):
            pass


def has_children() -> bool:
    """Whether a child is there, dead or alive."""
    with open("/proc/1/task/1/children") as file:
        return bool(file.read())


def end_with_input() -> None:
    """Ends the process when the test has gone."""
    sys.stdin.read()
    os._exit(0)


main()
