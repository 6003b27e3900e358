"""Recording what passes an interface, with tcpdump (pcap) or dumpcap (pcapng)."""

import contextlib
import os
import signal
import subprocess
import time

# Long enough for the last frame to pass both wires and reach the file.
SETTLE = 0.1
FILTER = "tcp or icmp or icmp6[0] == 1"


@contextlib.contextmanager
def capture(host, path, interfaces, options=(), expression=FILTER):
    """Records while the block runs. Several interfaces need a path that ends in `.pcapng`."""
    if path.endswith(".pcapng"):
        where = [word for interface in interfaces for word in ("-i", interface, "-f", expression)]
        command = ["dumpcap", "-q", "-n", *where, *options, "-w", path]
        ready = "File:"
    else:
        command = ["tcpdump", "-n", "-U", "--immediate-mode", "-Z", "root", "-i", *interfaces, *options, "-w", path,
                   expression]
        ready = "listening on"
    recorder = host.start(*command, stderr=subprocess.PIPE, text=True)
    for line in recorder.stderr:
        if line.startswith(ready) or ready in line:
            break
    else:
        raise RuntimeError(f"on {host.name}: {' '.join(command)}: did not start")
    time.sleep(SETTLE)
    yield
    time.sleep(SETTLE)
    os.kill(recorder.pid, signal.SIGINT)
    recorder.communicate()
    os.chmod(path, 0o644)
