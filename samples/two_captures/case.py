"""Two connections through address translation, captured on both hosts: a program on the router forges a reset that looks like the
server's in every field; then the server resets one itself."""

import threading
import time

from lab import forge
from lab.network import CLIENT, SERVER

WORD = b"forbidden"
# What is left at the client of the TTL that the server's packets begin with.
TTL_AS_THE_SERVERS = 63


def inject(watch, raw, log):
    """Waits for the word on the client's side of the router and answers it, once."""
    while True:
        frame = watch.recv(2048)
        if WORD in frame:
            client_port, server_port, _, acknowledged = forge.ports_and_numbers(frame)
            reset = forge.packet((SERVER, server_port), (CLIENT, client_port), acknowledged, forge.RST, TTL_AS_THE_SERVERS, 0,
                                 dont_fragment=True)
            raw.sendto(reset, (CLIENT, 0))
            log.write("router", "injected a RST with the server's address")
            return


def play(lab):
    lab.router.run("nft", "-f", "-", text=(
        "table ip nat {\n chain postrouting {\n  type nat hook postrouting priority 100;\n"
        "  oifname \"wan\" masquerade\n }\n}\n"))
    listener = lab.listen(lab.server, 8080)
    watch, raw = forge.watch(lab.router, "lan"), forge.raw_socket(lab.router)
    threading.Thread(target=inject, args=(watch, raw, lab.log), daemon=True).start()
    with lab.capture(lab.client, "capture.pcap"), lab.capture(lab.server, "server.pcap"):
        client = lab.dial(lab.client, 40101)
        client.connect((SERVER, 8080))
        server = listener.accept()
        client.send(b"GET /forbidden HTTP/1.1\r\nHost: shop.example\r\n\r\n")
        server.receive(4096)
        client.receive(4096)
        client.close()
        time.sleep(0.05)
        server.send(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok\n")
        server.receive(4096)
        server.close()

        client = lab.dial(lab.client, 40102)
        client.connect((SERVER, 8080))
        server = listener.accept()
        client.send(b"12")
        server.receive(1)
        time.sleep(0.05)
        server.close()
        client.receive(1)
        client.close()
