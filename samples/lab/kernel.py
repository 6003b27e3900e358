"""What the kernel itself says about resets: its tracepoints tcp_send_reset and tcp_receive_reset.

A reset that a packet filter or a program wrote by itself passes no tcp_send_reset, which is the proof that no TCP sent it.
Works in a trace instance of its own; where the kernel offers none, the record is empty and says so.
"""

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

    def close(self):
        """Removes the trace instance."""
        if self.available:
            for event in EVENTS:
                self._set(f"events/{event}/enable", "0")
            os.rmdir(self.instance)

    def _set(self, name, value):
        with open(f"{self.instance}/{name}", "w") as setting:
            setting.write(value)
