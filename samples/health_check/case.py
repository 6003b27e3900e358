"""A load balancer looks every half second whether the port is open: it connects, and aborts at once."""

import time

from lab.network import SERVER

PERIOD_SECONDS = 0.5


def play(lab):
    listener = lab.listen(lab.server, 8080)
    with lab.capture(lab.client, "capture.pcap"):
        begin = time.monotonic()
        for number in range(4):
            time.sleep(max(0, begin + number * PERIOD_SECONDS - time.monotonic()))
            client = lab.dial(lab.client, 40085 + number)
            client.connect((SERVER, 8080))
            client.abort()
            server = listener.accept()
            server.receive(100)
            server.close()
