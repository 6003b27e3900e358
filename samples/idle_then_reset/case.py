"""A stateful firewall forgets an idle connection after one second and rejects what comes later.

Recorded on the firewall itself, on both of its interfaces, as pcapng.
"""

import time

from lab.network import SERVER

IDLE_TIMEOUT_SECONDS = 1


def play(lab):
    lab.filter([
        "ct state established accept",
        "ct state new tcp flags & (syn | ack | rst | fin) == syn accept",
        "meta l4proto tcp reject with tcp reset",
    ])
    # By default the kernel would take the first packet after the silence for a connection that it had not seen begin.
    lab.router.sysctl("net.netfilter.nf_conntrack_tcp_loose", 0)
    lab.router.sysctl("net.netfilter.nf_conntrack_tcp_timeout_established", IDLE_TIMEOUT_SECONDS)
    listener = lab.listen(lab.server, 5432)
    with lab.capture(lab.router, "capture.pcapng", "lan", "wan"):
        client = lab.dial(lab.client, 40013)
        client.connect((SERVER, 5432))
        server = listener.accept()
        client.send(b"select 1;\n")
        server.receive(100)
        server.send(b"1\n")
        client.receive(100)
        time.sleep(3 * IDLE_TIMEOUT_SECONDS)
        client.send(b"select 2;\n")
        client.receive(100)
        client.close()
    lab.reorder("capture.pcapng")
