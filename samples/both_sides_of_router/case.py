"""A mirror port that sees the same packets in VLAN 10, before the router, and in VLAN 20, behind it."""

import time

from lab.network import SERVER


def play(lab):
    lab.mirror_port(client_side=(10,), server_side=(20,))
    listener = lab.listen(lab.server, 8080)
    with lab.capture(lab.monitor, "capture.pcap", "span", expression="vlan and ip"):
        client = lab.dial(lab.client, 40033)
        client.connect((SERVER, 8080))
        server = listener.accept()
        client.send(b"hello\n")
        server.receive(2)
        time.sleep(0.05)
        server.close()
        client.receive(100)
        client.close()
