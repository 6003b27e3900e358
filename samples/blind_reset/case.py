"""Somebody guesses: a RST in the server's name, within the client's window but not exact. The connection lives on."""

import threading
import time

from lab import forge
from lab.network import CLIENT, SERVER

MISSED_BY = 9000
FORGED_TTL = 250


def inject(watch, raw, log):
    """Sees a request, waits until it has been answered, and forges."""
    while True:
        frame = watch.recv(2048)
        if b"PING" in frame:
            client_port, server_port, _, acknowledged = forge.ports_and_numbers(frame)
            time.sleep(0.1)
            guess = acknowledged + MISSED_BY
            reset = forge.packet((SERVER, server_port), (CLIENT, client_port), guess, forge.RST, FORGED_TTL, 0x51D3)
            raw.sendto(reset, (CLIENT, 0))
            log.write("router", "injected a RST with the server's address")
            return


def ask(client, server):
    """One request and its answer."""
    client.send(b"PING\r\n")
    server.receive(100)
    server.send(b"PONG\r\n")
    client.receive(100)


def play(lab):
    listener = lab.listen(lab.server, 6379)
    watch, raw = forge.watch(lab.router, "lan"), forge.raw_socket(lab.router)
    threading.Thread(target=inject, args=(watch, raw, lab.log), daemon=True).start()
    with lab.capture(lab.client, "capture.pcap"):
        client = lab.dial(lab.client, 40083)
        client.connect((SERVER, 6379))
        server = listener.accept()
        ask(client, server)
        time.sleep(0.3)
        ask(client, server)
        client.close()
        server.receive(100)
        server.close()
