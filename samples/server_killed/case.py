"""A server process with four connections is killed: two with unread data die by RST, two by FIN."""

import os
import signal
import time

from lab.network import SERVER

CONNECTIONS = 4
WITH_UNREAD_DATA = (1, 3)


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
            client = lab.dial(lab.client, 40020 + number)
            client.connect((SERVER, 8080))
            client.send(b"hello\n")
            clients.append(client)
        time.sleep(0.05)
        for number in WITH_UNREAD_DATA:
            clients[number].send(b"one more request\n")
        time.sleep(0.05)
        lab.log.write("server", "SIGKILL")
        os.kill(server, signal.SIGKILL)
        os.waitpid(server, 0)
        for client in clients:
            client.receive(100)
            client.close()
