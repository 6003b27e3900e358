#!/usr/bin/env python3
"""Runs a program on a terminal of so many columns, and prints what it wrote there: `terminal.py COLUMNS COMMAND...`.

The exit status is the program's. Standard library only.
"""

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios


def on_a_terminal(columns, command, environment=None, folder=None):
    """(exit status, what was written), with the line feeds that the program wrote."""
    here, there = pty.openpty()
    fcntl.ioctl(there, termios.TIOCSWINSZ, struct.pack("HHHH", 60, columns, 0, 0))
    running = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=there, stderr=there, cwd=folder, env=environment)
    os.close(there)
    written = b""
    while True:
        try:
            chunk = os.read(here, 1 << 16)
        except OSError:  # how Linux says that the other end is closed
            break
        if not chunk:
            break
        written += chunk
    return running.wait(), written.decode().replace("\r\n", "\n")


if __name__ == "__main__":
    status, written = on_a_terminal(int(sys.argv[1]), sys.argv[2:])
    sys.stdout.write(written)
    sys.exit(status)
