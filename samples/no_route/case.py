"""The router has no route to the server's neighbour: it answers the SYN with an ICMP error."""

ABSENT = "198.51.100.99"


def play(lab):
    lab.router.run("ip", "route", "add", "unreachable", ABSENT)
    with lab.capture(lab.client, "capture.pcap"):
        client = lab.dial(lab.client, 40059)
        client.connect((ABSENT, 8080))
        client.close()
