"""A server program serves two clients at a time; the third and the fourth are thrown out, the first two live on."""

import time

from lab.network import SERVER

LIMIT = 2


def ask(client, server):
    """One request and its answer."""
    client.send(b"PING\r\n")
    server.receive(100)
    server.send(b"PONG\r\n")
    client.receive(100)


def play(lab):
    listener = lab.listen(lab.server, 6379)
    with lab.capture(lab.client, "capture.pcap"):
        served = []
        for number in range(4):
            client = lab.dial(lab.client, 40062 + number)
            client.connect((SERVER, 6379))
            server = listener.accept()
            if len(served) < LIMIT:
                ask(client, server)
                served.append((client, server))
            else:
                server.abort()
                client.receive(100)
                client.close()
            time.sleep(0.2)
        for client, server in served:
            time.sleep(0.3)
            ask(client, server)
            client.close()
            server.receive(100)
            server.close()
