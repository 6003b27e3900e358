"""The server closes a connection that was idle for a second; the client's next request crosses the FIN on the way."""

import time

from lab.network import SERVER

KEEP_ALIVE_SECONDS = 1


def play(lab):
    listener = lab.listen(lab.server, 8080)
    with lab.capture(lab.client, "capture.pcap"):
        client = lab.dial(lab.client, 40072)
        client.connect((SERVER, 8080))
        server = listener.accept()
        client.send(b"GET /a HTTP/1.1\r\nHost: shop.example\r\n\r\n")
        server.receive(4096)
        server.send(b"HTTP/1.1 204 No Content\r\n\r\n")
        client.receive(4096)
        time.sleep(KEEP_ALIVE_SECONDS)
        server.close()
        client.send(b"GET /b HTTP/1.1\r\nHost: shop.example\r\n\r\n")
        time.sleep(0.05)
        client.receive(4096)
        client.close()
