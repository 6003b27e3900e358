"""Asymmetric routing: the recorder sees only what the server sends."""

import time

from lab.network import SERVER


def play(lab):
    listener = lab.listen(lab.server, 8080)
    with lab.capture(lab.client, "capture.pcap", "eth0", options=["-Q", "in"]):
        client = lab.dial(lab.client, 40036)
        client.connect((SERVER, 8080))
        server = listener.accept()
        client.send(b"hello\n")
        server.receive(100)
        server.send(b"welcome\n")
        client.receive(100)
        client.send(b"bye\n")
        time.sleep(0.05)
        server.close()
        client.receive(100)
        client.close()
