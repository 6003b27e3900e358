"""A wire between two hosts: two taps, and a thread that carries frames from one to the other after a delay.

Taps have no segmentation offload, so every frame is what a cable would carry, checksums included. A wire can be cut,
and it can copy what it carries to a monitor's tap as a switch's mirror port does, with an 802.1Q tag put in.
"""

import collections
import contextlib
import fcntl
import os
import select
import struct
import threading
import time

TUNSETIFF = 0x400454CA
IFF_TAP = 0x0002
IFF_NO_PI = 0x1000
LARGEST_FRAME = 65536
ETHERNET_ADDRESSES = 12


def tap(host, interface):
    """Makes an Ethernet interface on a host and returns the descriptor of its other end."""
    with host.inside():
        fd = os.open("/dev/net/tun", os.O_RDWR | os.O_CLOEXEC)
        fcntl.ioctl(fd, TUNSETIFF, struct.pack("16sH22x", interface.encode(), IFF_TAP | IFF_NO_PI))
    return fd


def _put(end, frame):
    """Delivers a frame, which is lost where the interface at that end is down, as on any cable."""
    with contextlib.suppress(OSError):
        os.write(end, frame)


class Wire:
    """Carries frames both ways, each `delay` seconds later, in order."""

    def __init__(self, one, other, delay):
        self.delay = delay
        self.cut = False
        self.mirrors = []
        self._ends = {one: other, other: one}
        self._queue = collections.deque()
        threading.Thread(target=self._carry, daemon=True).start()

    def mirror(self, fd, vlans):
        """Copies every frame to `fd`, tagged with `vlans` from the outermost to the innermost."""
        tags = b""
        for depth, vlan in enumerate(vlans):
            last = depth + 1 == len(vlans)
            tags += struct.pack("!HH", 0x8100 if last else 0x88A8, vlan)
        self.mirrors.append((fd, tags))

    def _carry(self):
        poll = select.poll()
        for fd in self._ends:
            poll.register(fd, select.POLLIN)
        while True:
            wait = None
            if self._queue:
                wait = max(0.0, (self._queue[0][0] - time.monotonic()) * 1000)
            for fd, _ in poll.poll(wait):
                frame = os.read(fd, LARGEST_FRAME)
                if not self.cut:
                    self._queue.append((time.monotonic() + self.delay, self._ends[fd], frame))
                    for monitor, tags in self.mirrors:
                        _put(monitor, frame[:ETHERNET_ADDRESSES] + tags + frame[ETHERNET_ADDRESSES:])
            while self._queue and self._queue[0][0] <= time.monotonic():
                _, end, frame = self._queue.popleft()
                _put(end, frame)
