"""The router answers the SYN with an ICMP error: administratively prohibited."""

from lab.network import SERVER


def play(lab):
    lab.filter(["tcp dport 8080 reject with icmp type admin-prohibited"])
    lab.listen(lab.server, 8080)
    with lab.capture(lab.client, "capture.pcap"):
        client = lab.dial(lab.client, 40007)
        client.connect((SERVER, 8080))
        client.close()
