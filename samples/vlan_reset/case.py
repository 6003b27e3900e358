"""Recorded at a switch's mirror port: every frame carries two VLAN tags (QinQ)."""

import time

from lab.network import SERVER


def play(lab):
    lab.mirror_port(client_side=(100, 42))
    listener = lab.listen(lab.server, 8080)
    with lab.capture(lab.monitor, "capture.pcap", "span", expression="vlan and vlan and ip"):
        client = lab.dial(lab.client, 40032)
        client.connect((SERVER, 8080))
        server = listener.accept()
        client.send(b"hello\n")
        server.receive(100)
        time.sleep(0.05)
        server.abort()
        client.receive(100)
        client.close()
