"""A program on the router sees a forbidden word and kills the connection with a RST in the server's name."""

import threading
import time

from lab import forge
from lab.network import CLIENT, SERVER

WORD = b"forbidden"
# No host of the network starts with this TTL; seen one hop on, by the client, it is unchanged: no router in between.
FORGED_TTL = 128


def inject(watch, raw, log):
    """Waits for the word on the client's side of the router and answers it, once."""
    while True:
        frame = watch.recv(2048)
        if WORD in frame:
            client_port, server_port, _, acknowledged = forge.ports_and_numbers(frame)
            reset = forge.packet((SERVER, server_port), (CLIENT, client_port), acknowledged, forge.RST, FORGED_TTL, 0x2A17)
            raw.sendto(reset, (CLIENT, 0))
            log.write("router", "injected a RST with the server's address")
            return


def play(lab):
    listener = lab.listen(lab.server, 8080)
    watch, raw = forge.watch(lab.router, "lan"), forge.raw_socket(lab.router)
    threading.Thread(target=inject, args=(watch, raw, lab.log), daemon=True).start()
    with lab.capture(lab.client, "capture.pcap"):
        client = lab.dial(lab.client, 40011)
        client.connect((SERVER, 8080))
        server = listener.accept()
        client.send(b"GET / HTTP/1.1\r\nHost: shop.example\r\n\r\n")
        server.receive(4096)
        server.send(b"HTTP/1.1 204 No Content\r\n\r\n")
        client.receive(4096)
        time.sleep(0.05)
        client.send(b"GET /forbidden HTTP/1.1\r\nHost: shop.example\r\n\r\n")
        server.receive(4096)
        server.send(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok\n")
        client.receive(4096)
        client.close()
        server.receive(4096)
        server.close()
