"""The router translates the client's address and forgets an idle connection after one second; the next request gets another port.

Recorded on the server, which sees the connection under two ports of the router.
"""

import time

from lab.network import SERVER

IDLE_TIMEOUT_SECONDS = 1


def play(lab):
    lab.router.run("nft", "-f", "-", text=(
        "table ip nat {\n chain postrouting {\n  type nat hook postrouting priority 100; policy accept;\n"
        "  ip saddr 192.0.2.0/24 meta l4proto tcp masquerade to :20000-60000 fully-random\n }\n}\n"))
    lab.router.sysctl("net.netfilter.nf_conntrack_tcp_timeout_established", IDLE_TIMEOUT_SECONDS)
    listener = lab.listen(lab.server, 8080)
    with lab.capture(lab.server, "capture.pcap"):
        client = lab.dial(lab.client, 40090)
        client.connect((SERVER, 8080))
        server = listener.accept()
        client.send(b"PING\r\n")
        server.receive(100)
        server.send(b"PONG\r\n")
        client.receive(100)
        time.sleep(3 * IDLE_TIMEOUT_SECONDS)
        client.send(b"PING\r\n")
        client.receive(100)
        client.close()
        time.sleep(0.2)
