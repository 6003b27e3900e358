"""The client's host loses a connection and asks for another from the same port, which the server still holds."""

import time

from lab.network import SERVER


def play(lab):
    listener = lab.listen(lab.server, 8080)
    with lab.capture(lab.client, "capture.pcap"):
        client = lab.dial(lab.client, 40080)
        client.connect((SERVER, 8080))
        server = listener.accept()
        client.send(b"hello\n")
        server.receive(100)
        server.send(b"hello\n")
        client.receive(100)
        time.sleep(0.1)
        client.forget()
        time.sleep(0.1)
        client = lab.dial(lab.client, 40080)
        client.connect((SERVER, 8080))
        server.receive(100)
        server.close()
        server = listener.accept()
        client.send(b"hello\n")
        server.receive(100)
        client.close()
        server.receive(100)
        server.close()
