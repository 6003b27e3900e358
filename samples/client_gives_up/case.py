"""The client closes in the middle of an answer, with octets of it unread; the server goes on sending."""

import time

from lab.network import SERVER

PIECES = 4


def play(lab):
    listener = lab.listen(lab.server, 8080)
    with lab.capture(lab.server, "capture.pcap"):
        client = lab.dial(lab.client, 40073)
        client.connect((SERVER, 8080))
        server = listener.accept()
        client.send(b"GET /film HTTP/1.1\r\nHost: shop.example\r\n\r\n")
        server.receive(4096)
        server.send(b"HTTP/1.1 200 OK\r\nContent-Length: 800\r\n\r\n")
        client.receive(4096)
        for piece in range(PIECES):
            server.send(b"%d" % piece * 200)
            time.sleep(0.02)
            if piece == 1:
                client.close()
        server.close()
