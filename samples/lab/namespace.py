"""A network namespace held by a file descriptor, and ways to act inside it."""

import contextlib
import ctypes
import os
import subprocess
import threading

CLONE_NEWNET = 0x40000000
CLONE_NEWNS = 0x00020000

_libc = ctypes.CDLL(None, use_errno=True)


def _call(result):
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def own_mounts():
    """Lets this process mount file systems that nobody else sees."""
    _call(_libc.unshare(CLONE_NEWNS))
    subprocess.run(["mount", "--make-rprivate", "/"], check=True)


def _current():
    return os.open(f"/proc/self/task/{threading.get_native_id()}/ns/net", os.O_RDONLY | os.O_CLOEXEC)


class Namespace:
    """One host. Lives as long as this object, its sockets and its processes."""

    def __init__(self, name):
        self.name = name
        home = _current()
        _call(_libc.unshare(CLONE_NEWNET))
        self.fd = _current()
        _call(_libc.setns(home, CLONE_NEWNET))
        os.close(home)
        self.run("ip", "link", "set", "lo", "up")

    @contextlib.contextmanager
    def inside(self):
        """Sockets, taps and sysctls opened within belong to this host."""
        home = _current()
        _call(_libc.setns(self.fd, CLONE_NEWNET))
        try:
            yield
        finally:
            _call(_libc.setns(home, CLONE_NEWNET))
            os.close(home)

    def start(self, *command, **options):
        """Starts a command on this host."""
        return subprocess.Popen(
            ["nsenter", f"--net=/proc/self/fd/{self.fd}", *command], pass_fds=[self.fd], **options)

    def run(self, *command, text=None):
        """Runs a command on this host to its end; raises where it fails."""
        process = self.start(*command, stdin=subprocess.PIPE, text=True)
        process.communicate(text)
        if process.returncode != 0:
            raise RuntimeError(f"on {self.name}: {' '.join(command)}: exit status {process.returncode}")

    def sysctl(self, name, value):
        """Sets a kernel setting of this host only."""
        with self.inside(), open("/proc/sys/" + name.replace(".", "/"), "w") as setting:
            setting.write(str(value))
