"""Resets that look alike on the wire and are not: the kernel's trace, saved beside the capture, tells them apart.

All hosts have one kernel here, so that the trace has what the client's and the server's TCP did.
"""

import threading
import time

from lab import forge
from lab.network import CLIENT, SERVER

WORD = b"forbidden"
# One router on from there, this is what the server's own packets have at the client.
FORGED_TTL = 63

REQUEST = b"GET /report HTTP/1.1\r\nHost: shop.example\r\n\r\n"


def inject(watch, raw, log):
    """Waits for the word on the client's side of the router and answers it, once, as the server's stack would."""
    while True:
        frame = watch.recv(2048)
        if WORD in frame:
            client_port, server_port, _, acknowledged = forge.ports_and_numbers(frame)
            reset = forge.packet((SERVER, server_port), (CLIENT, client_port), acknowledged, forge.RST, FORGED_TTL, 0)
            raw.sendto(reset, (CLIENT, 0))
            log.write("router", "injected a RST with the server's address")
            return


def connected(lab, listener, port):
    """A connection whose server has received a request that it has not answered."""
    client = lab.dial(lab.client, port)
    client.connect((SERVER, 8080))
    server = listener.accept()
    client.send(REQUEST)
    time.sleep(0.05)
    return client, server


def play(lab):
    listener = lab.listen(lab.server, 8080)
    watch, raw = forge.watch(lab.router, "lan"), forge.raw_socket(lab.router)
    threading.Thread(target=inject, args=(watch, raw, lab.log), daemon=True).start()
    with lab.kernel_trace("kernel.trace"), lab.capture(lab.client, "capture.pcap"):
        time.sleep(0.3)
        # Closed with the request unread.
        client, server = connected(lab, listener, 40101)
        server.close()
        client.receive(4096)
        client.close()
        # Aborted on purpose, the request read: the same packets.
        client, server = connected(lab, listener, 40102)
        server.receive(4096)
        time.sleep(0.05)
        server.abort()
        client.receive(4096)
        client.close()
        # Nobody listens.
        client = lab.dial(lab.client, 40103)
        client.connect((SERVER, 8081))
        client.close()
        # A program on the router, in the server's name.
        client, server = connected(lab, listener, 40104)
        client.send(b"GET /forbidden HTTP/1.1\r\nHost: shop.example\r\n\r\n")
        client.receive(4096)
        server.abort()
        client.close()
        # The packet filter on the server's own host.
        client, server = connected(lab, listener, 40105)
        lab.server.run("nft", "-f", "-", text=(
            "table inet filter {\n chain input {\n  type filter hook input priority 0; policy accept;\n"
            "  tcp sport 40105 reject with tcp reset\n }\n}\n"))
        client.send(REQUEST)
        client.receive(4096)
        client.close()
        time.sleep(0.3)
