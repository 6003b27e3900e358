"""Four clients connect to a server that is slow to accept; its queue holds three, and its kernel resets what does not fit."""

import threading
import time

from lab.network import SERVER

QUEUE = 3


def play(lab):
    lab.server.sysctl("net.ipv4.tcp_abort_on_overflow", 1)
    listener = lab.listen(lab.server, 8080)
    listener.sock.listen(QUEUE - 1)  # Linux holds one connection more than asked for
    with lab.capture(lab.client, "capture.pcap"):
        clients = [lab.dial(lab.client, 40090 + number) for number in range(QUEUE + 1)]
        for client in clients[:2]:
            client.connect((SERVER, 8080))
            time.sleep(0.2)
        # Both are asked for while there is room; then it is one too many.
        calls = [threading.Thread(target=client.connect, args=((SERVER, 8080),)) for client in clients[2:]]
        for call in calls:
            call.start()
        for call in calls:
            call.join()
        time.sleep(0.3)
        for client in clients:
            client.send(b"hello\n")
        for server in [listener.accept() for _ in range(QUEUE)]:
            server.receive(100)
            server.send(b"hello\n")
        for client in clients:
            client.receive(100)
            client.close()
