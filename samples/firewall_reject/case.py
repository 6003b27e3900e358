"""The router refuses one port in the server's name; another port of the same server works, for comparison."""

from lab.network import SERVER


def play(lab):
    lab.filter(["tcp dport 5432 reject with tcp reset"])
    listener = lab.listen(lab.server, 8080)
    lab.listen(lab.server, 5432)
    with lab.capture(lab.client, "capture.pcap"):
        allowed = lab.dial(lab.client, 40008)
        allowed.connect((SERVER, 8080))
        server = listener.accept()
        allowed.send(b"hello\n")
        server.receive(100)
        server.close()
        allowed.receive(100)
        allowed.close()
        refused = lab.dial(lab.client, 40009)
        refused.connect((SERVER, 5432))
        refused.close()
