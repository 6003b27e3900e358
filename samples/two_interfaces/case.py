"""Recorded by dumpcap on both interfaces of the router: one file, two interfaces, and not in the order of time."""

import time

from lab.network import SERVER


def play(lab):
    listener = lab.listen(lab.server, 8080)
    with lab.capture(lab.router, "capture.pcapng", "lan", "wan"):
        client = lab.dial(lab.client, 40040)
        client.connect((SERVER, 8080))
        server = listener.accept()
        client.send(b"12")
        server.receive(1)
        time.sleep(0.01)
        server.close()
        client.receive(1)
        client.close()
