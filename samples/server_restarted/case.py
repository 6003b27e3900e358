"""A server process dies with its three connections; one new connection is refused, the next finds it back."""

import os
import signal
import time

from lab.network import SERVER

CONNECTIONS = 3


def play(lab):
    listener = lab.listen(lab.server, 8080)
    server = os.fork()
    if server == 0:
        held = [listener.accept() for _ in range(CONNECTIONS)]
        for connection in held:
            connection.receive(6)
        signal.pause()
    listener.sock.close()
    with lab.capture(lab.client, "capture.pcap"):
        clients = []
        for number in range(CONNECTIONS):
            client = lab.dial(lab.client, 40074 + number)
            client.connect((SERVER, 8080))
            client.send(b"hello\n")
            clients.append(client)
        time.sleep(0.05)
        clients[0].send(b"one more request\n")
        time.sleep(0.05)
        lab.log.write("server", "SIGKILL")
        os.kill(server, signal.SIGKILL)
        os.waitpid(server, 0)
        for client in clients:
            client.receive(100)
            client.close()
        time.sleep(0.2)
        refused = lab.dial(lab.client, 40077)
        refused.connect((SERVER, 8080))
        refused.close()
        time.sleep(0.2)
        again = lab.listen(lab.server, 8080)
        client = lab.dial(lab.client, 40078)
        client.connect((SERVER, 8080))
        connection = again.accept()
        client.send(b"hello\n")
        connection.receive(6)
        client.close()
        connection.receive(6)
        connection.close()
