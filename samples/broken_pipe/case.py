"""The server reads everything and closes; the client writes twice more."""

import time

from lab.network import SERVER


def play(lab):
    listener = lab.listen(lab.server, 8080)
    with lab.capture(lab.client, "capture.pcap"):
        client = lab.dial(lab.client, 40002)
        client.connect((SERVER, 8080))
        server = listener.accept()
        client.send(b"1")
        server.receive(1)
        server.close()
        time.sleep(0.05)
        client.send(b"2")
        time.sleep(0.05)
        client.send(b"3")
        client.close()
