"""The program on one capture."""

import os
import resource
import subprocess
import threading
import time


class Ran:
    """Its code, CPU time and memory of its own, which mapped files are not."""

    def __init__(self, arguments, limit, stream=None):
        started, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
        child = subprocess.Popen(arguments, stdin=subprocess.DEVNULL if stream is None else subprocess.PIPE,
                                 stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        if stream is not None:
            threading.Thread(target=feed, args=(child.stdin, stream), daemon=True).start()
        self.memory, self.hung = 0, False
        os.set_blocking(child.stderr.fileno(), False)
        while child.poll() is None:
            self.memory = max(self.memory, own_memory(child.pid))
            if time.monotonic() - started > limit:
                child.kill()
                self.hung = True
            time.sleep(0.002 if time.monotonic() - started < 0.2 else 0.02)
        self.code, self.seconds = child.returncode, time.monotonic() - started
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        self.cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        self.message = (child.stderr.read() or b"").decode(errors="replace")

    def wrong(self, memory, codes):
        """What must not be: a hang, another exit code than these, a panic, more memory than this."""
        if self.hung:
            return f"ran longer than {self.seconds:.0f} s"
        if self.code not in codes:
            return f"ended with {self.code}: {self.message[-300:]}"
        if "panicked" in self.message:
            return self.message[-300:]
        if self.memory > memory:
            return f"took {self.memory >> 20} MiB"
        return None


def feed(pipe, octets):
    try:
        with pipe:
            pipe.write(octets)
    except BrokenPipeError:
        pass


def own_memory(pid):
    try:
        with open(f"/proc/{pid}/status") as status:
            return next((int(line.split()[1]) << 10 for line in status if line.startswith("RssAnon")), 0)
    except OSError:
        return 0
