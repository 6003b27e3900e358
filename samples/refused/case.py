"""Nobody listens on the port."""

from lab.network import SERVER


def play(lab):
    with lab.capture(lab.client, "capture.pcap"):
        client = lab.dial(lab.client, 40003)
        client.connect((SERVER, 8081))
        client.close()
