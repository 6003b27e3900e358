"""The router drops the SYN without a word: the client asks twice and gives up."""

import socket

from lab.network import SERVER


def play(lab):
    lab.filter(["tcp dport 8080 drop"])
    lab.listen(lab.server, 8080)
    with lab.capture(lab.client, "capture.pcap"):
        client = lab.dial(lab.client, 40006)
        client.option(socket.IPPROTO_TCP, socket.TCP_SYNCNT, 1)
        client.connect((SERVER, 8080))
        client.close()
