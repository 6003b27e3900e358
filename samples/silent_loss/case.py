"""The path breaks in the middle of a connection; the client retransmits until TCP_USER_TIMEOUT."""

import socket

from lab.network import SERVER

USER_TIMEOUT_MS = 3000


def play(lab):
    listener = lab.listen(lab.server, 8080)
    with lab.capture(lab.client, "capture.pcap"):
        client = lab.dial(lab.client, 40038)
        client.option(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, USER_TIMEOUT_MS)
        client.connect((SERVER, 8080))
        server = listener.accept()
        client.send(b"PING\r\n")
        server.receive(100)
        server.send(b"PONG\r\n")
        client.receive(100)
        lab.server_wire.cut = True
        lab.log.write("network", "the cable between router and server is cut")
        client.send(b"PING\r\n")
        client.receive(100)
        client.close()
