"""What the kernel itself says about resets: its tracepoints tcp_send_reset and tcp_receive_reset.

A reset that a packet filter or a program wrote by itself passes no tcp_send_reset, which is the proof that no TCP sent it.
Works in a trace instance of its own; where the kernel offers none, the record is empty and says so.
"""

import contextlib
import os
import re
import subprocess
import time

TRACEFS = "/sys/kernel/tracing"
EVENTS = ("tcp/tcp_send_reset", "tcp/tcp_receive_reset", "tcp/tcp_retransmit_skb")


def _plain(text):
    """Leaves out pointers, and the addresses of the other family."""
    other = r"saddr|daddr" if "family=AF_INET6" in text else r"saddrv6|daddrv6"
    return re.sub(rf"\b(?:skbaddr|skaddr|family|sock_cookie|{other})=\S+ ?", "", text).strip()


class KernelRecord:
    """Collects trace events between two moments. Needs `own_mounts` first, for the mount is ours alone."""

    def __init__(self):
        self.instance = None
        if not os.path.isdir(f"{TRACEFS}/events"):
            subprocess.run(["mount", "-t", "tracefs", "none", TRACEFS], check=False, stderr=subprocess.DEVNULL)
        if not os.path.isdir(f"{TRACEFS}/events/tcp/tcp_send_reset"):
            return
        self.instance = f"{TRACEFS}/instances/samples-{os.getpid()}"
        os.mkdir(self.instance)
        self._set("trace_clock", "mono")
        for event in EVENTS:
            self._set(f"events/{event}/enable", "1")

    @property
    def available(self):
        """Whether this kernel says anything at all."""
        return self.instance is not None

    def read(self, marks):
        """Yields (time, text) of the events that mention one of `marks`."""
        if not self.available:
            return
        offset = time.time() - time.monotonic()
        with open(f"{self.instance}/trace") as trace:
            lines = trace.read().splitlines()
        for line in lines:
            found = re.search(r" (\d+\.\d+): (tcp_\w+): (.*)", line)
            if found and any(mark in line + " " for mark in marks):
                yield float(found[1]) + offset, f"{found[2]} {_plain(found[3])}"

    @contextlib.contextmanager
    def saved(self, path, marks):
        """Saves what the trace has after the block, of the events that mention one of `marks`; the time stands in it twice."""
        self._tell_time()
        yield
        self._tell_time()
        with open(f"{self.instance}/trace") as trace, open(f"{self.instance}/trace_clock") as clock:
            lines = trace.read().splitlines(keepends=True)
            clocks = clock.read()
        # Of everybody's reports these are ours.
        ours = [line for line in lines if not re.search(r": tcp_\w+: ", line) or any(mark in line for mark in marks)]
        with open(path, "w") as file:
            file.write(clocks + "".join(ours))

    def _tell_time(self):
        self._set("trace_marker", f"tcpautopsy wall={time.time():.9f}")

    def close(self):
        """Removes the trace instance."""
        if self.available:
            for event in EVENTS:
                self._set(f"events/{event}/enable", "0")
            os.rmdir(self.instance)

    def _set(self, name, value):
        with open(f"{self.instance}/{name}", "w") as setting:
            setting.write(value)
