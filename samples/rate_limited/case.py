"""The router lets one new connection a second pass, two in a burst, and rejects the others; later ones pass again."""

import time

from lab.network import SERVER


def play(lab):
    lab.filter([
        "tcp flags & (syn | ack) == syn limit rate over 1/second burst 2 packets reject with tcp reset",
    ])
    listener = lab.listen(lab.server, 8080)
    with lab.capture(lab.client, "capture.pcap"):
        for number in range(6):
            if number == 4:
                time.sleep(2)
            client = lab.dial(lab.client, 40066 + number)
            if client.connect((SERVER, 8080)) is None:
                server = listener.accept()
                client.send(b"hello\n")
                server.receive(100)
                client.close()
                server.receive(100)
                server.close()
            else:
                client.close()
