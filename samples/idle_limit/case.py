"""The server throws out two connections after two seconds without a request."""

import time

from lab.network import SERVER

IDLE_LIMIT_SECONDS = 2


def play(lab):
    listener = lab.listen(lab.server, 8080)
    with lab.capture(lab.client, "capture.pcap"):
        pairs = []
        for number in range(2):
            client = lab.dial(lab.client, 40081 + number)
            client.connect((SERVER, 8080))
            server = listener.accept()
            client.send(b"GET / HTTP/1.1\r\nHost: shop.example\r\n\r\n")
            server.receive(4096)
            server.send(b"HTTP/1.1 204 No Content\r\n\r\n")
            pairs.append((client, server, time.monotonic() + IDLE_LIMIT_SECONDS))
            client.receive(4096)
            time.sleep(0.5)
        for client, server, limit in pairs:
            time.sleep(max(0, limit - time.monotonic()))
            server.abort()
            client.receive(4096)
            client.close()
