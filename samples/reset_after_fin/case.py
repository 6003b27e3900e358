"""The server closes; the client still says goodbye and closes too. Both have sent FIN when the resets come."""

import time

from lab.network import SERVER


def play(lab):
    listener = lab.listen(lab.server, 8080)
    with lab.capture(lab.client, "capture.pcap"):
        client = lab.dial(lab.client, 40012)
        client.connect((SERVER, 8080))
        server = listener.accept()
        client.send(b"LIST\r\n")
        server.receive(100)
        server.send(b"nothing\r\n")
        client.receive(100)
        server.close()
        time.sleep(0.05)
        client.send(b"QUIT\r\n")
        client.close()
