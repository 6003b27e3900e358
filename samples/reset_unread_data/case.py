"""The server reads one byte of two and closes: the unread byte turns its close into a reset."""

import time

from lab.network import SERVER


def play(lab):
    listener = lab.listen(lab.server, 8080)
    with lab.capture(lab.client, "capture.pcap"):
        client = lab.dial(lab.client, 40001)
        client.connect((SERVER, 8080))
        server = listener.accept()
        client.send(b"12")
        server.receive(1)
        time.sleep(0.05)
        server.close()
        client.receive(1)
        client.close()
