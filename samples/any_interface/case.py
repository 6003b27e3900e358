"""Recorded with `-i any` on the router: every packet stands in the file twice, as it came and as it left."""

import time

from lab.network import SERVER


def play(lab):
    listener = lab.listen(lab.server, 8080)
    with lab.capture(lab.router, "capture.pcap", "any"):
        client = lab.dial(lab.client, 40030)
        client.connect((SERVER, 8080))
        server = listener.accept()
        client.send(b"GET /cart HTTP/1.1\r\nHost: shop.example\r\n\r\n")
        time.sleep(0.05)
        server.receive(10)
        server.close()
        client.receive(100)
        client.close()
