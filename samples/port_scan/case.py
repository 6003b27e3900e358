"""A scanner sends SYNs of its own making to eight ports; one is open, and the scanner's kernel resets the answer."""

import time

from lab import forge
from lab.network import CLIENT, SERVER

PORTS = (21, 22, 23, 25, 80, 110, 443, 8080)
SOURCE_PORT = 40084
MSS_1460 = bytes([2, 4, 5, 180])


def play(lab):
    listener = lab.listen(lab.server, 8080)
    lab.marks += [f":{SOURCE_PORT} ", f"port={SOURCE_PORT} "]
    raw = forge.raw_socket(lab.client)
    with lab.capture(lab.client, "capture.pcap"):
        for port in PORTS:
            syn = forge.packet((CLIENT, SOURCE_PORT), (SERVER, port), 0x6D2B79F5, forge.SYN, 52, port * 257 % 65536,
                               1024, MSS_1460)
            raw.sendto(syn, (SERVER, 0))
            lab.log.write("client", f"sent a SYN to port {port} through a raw socket")
            time.sleep(0.005)
        time.sleep(0.05)
    listener.close()
