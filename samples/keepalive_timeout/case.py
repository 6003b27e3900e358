"""The path breaks while the connection is idle; the client's keepalive probes go unanswered and it resets."""

import socket

from lab.network import SERVER


def play(lab):
    listener = lab.listen(lab.server, 8080)
    with lab.capture(lab.client, "capture.pcap"):
        client = lab.dial(lab.client, 40039)
        client.option(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        client.option(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 1)
        client.option(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 1)
        client.option(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 2)
        client.connect((SERVER, 8080))
        server = listener.accept()
        client.send(b"PING\r\n")
        server.receive(100)
        server.send(b"PONG\r\n")
        client.receive(100)
        lab.server_wire.cut = True
        lab.log.write("network", "the cable between router and server is cut")
        client.receive(100)
        client.close()
