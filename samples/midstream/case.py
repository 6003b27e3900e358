"""The recording starts when the connection is already old. Written as pcapng, compressed with zstd."""

import time

from lab.network import SERVER


def play(lab):
    listener = lab.listen(lab.server, 8080)
    client = lab.dial(lab.client, 40035)
    client.connect((SERVER, 8080))
    server = listener.accept()
    client.send(b"first\n")
    server.receive(100)
    server.send(b"answer\n")
    client.receive(100)
    time.sleep(0.2)
    with lab.capture(lab.client, "capture.pcapng", "eth0"):
        client.send(b"second\n")
        server.receive(100)
        server.send(b"answer\n")
        client.receive(100)
        time.sleep(0.05)
        server.abort()
        client.receive(100)
        client.close()
    lab.compress("capture.pcapng", "zstd", "-q", "-f", "-19", "--rm")
