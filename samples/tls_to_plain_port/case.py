"""The client begins TLS on a port of plain HTTP; the server answers 400 and closes with the rest unread."""

import ssl

from lab.network import SERVER


def client_hello():
    """The first octets of a TLS client."""
    received, to_send = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = ssl.create_default_context().wrap_bio(received, to_send, server_hostname="shop.example")
    try:
        tls.do_handshake()
    except ssl.SSLWantReadError:
        return to_send.read()
    raise RuntimeError("a TLS handshake without a server")


def play(lab):
    listener = lab.listen(lab.server, 8080)
    with lab.capture(lab.client, "capture.pcap"):
        client = lab.dial(lab.client, 40079)
        client.connect((SERVER, 8080))
        server = listener.accept()
        client.send(client_hello())
        server.receive(16)
        server.send(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        server.close()
        client.receive(4096)
        client.receive(4096)
        client.close()
