"""The server's host loses the connection without a packet, as by a loss of power; the client finds out on its next request."""

import time

from lab.network import SERVER


def play(lab):
    listener = lab.listen(lab.server, 8080)
    with lab.capture(lab.client, "capture.pcap"):
        client = lab.dial(lab.client, 40010)
        client.connect((SERVER, 8080))
        server = listener.accept()
        client.send(b"PING\r\n")
        server.receive(100)
        server.send(b"PONG\r\n")
        client.receive(100)
        time.sleep(0.1)
        server.forget()
        time.sleep(1)
        client.send(b"PING\r\n")
        client.receive(100)
        client.close()
