"""The server closes; the client reads the end of the stream and never closes its side."""

import time

from lab.network import SERVER


def play(lab):
    listener = lab.listen(lab.server, 8080)
    with lab.capture(lab.client, "capture.pcap"):
        client = lab.dial(lab.client, 40041)
        client.connect((SERVER, 8080))
        server = listener.accept()
        client.send(b"PING\r\n")
        server.receive(100)
        server.send(b"PONG\r\n")
        client.receive(100)
        server.close()
        client.receive(100)
        time.sleep(0.5)
