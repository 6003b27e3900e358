"""The server answers, then closes with SO_LINGER set to 0 seconds: an abort on purpose."""

import time

from lab.network import SERVER


def play(lab):
    listener = lab.listen(lab.server, 8080)
    with lab.capture(lab.client, "capture.pcap"):
        client = lab.dial(lab.client, 40005)
        client.connect((SERVER, 8080))
        server = listener.accept()
        client.send(b"GET /health HTTP/1.1\r\nHost: shop.example\r\n\r\n")
        server.receive(4096)
        server.send(b"HTTP/1.1 204 No Content\r\n\r\n")
        client.receive(4096)
        time.sleep(0.05)
        server.abort()
        client.receive(4096)
        client.close()
