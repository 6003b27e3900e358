"""A request, an answer, and both sides close with FIN: nothing is wrong here."""

from lab.network import SERVER


def play(lab):
    listener = lab.listen(lab.server, 8080)
    with lab.capture(lab.client, "capture.pcap"):
        client = lab.dial(lab.client, 40004)
        client.connect((SERVER, 8080))
        server = listener.accept()
        client.send(b"GET / HTTP/1.0\r\nHost: shop.example\r\n\r\n")
        server.receive(4096)
        server.send(b"HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nok\n")
        server.close()
        client.receive(4096)
        client.receive(4096)
        client.close()
