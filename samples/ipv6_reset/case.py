"""reset_unread_data over IPv6."""

import socket
import time

from lab.network import SERVER6


def play(lab):
    listener = lab.listen(lab.server, 8080, socket.AF_INET6)
    with lab.capture(lab.client, "capture.pcap", expression="ip6 proto 6"):
        client = lab.dial(lab.client, 40031, socket.AF_INET6)
        client.connect((SERVER6, 8080))
        server = listener.accept()
        client.send(b"12")
        server.receive(1)
        time.sleep(0.05)
        server.close()
        client.receive(1)
        client.close()
