"""Only the first 68 bytes of each frame are kept: no payload, and TCP options cut in the middle. Compressed with gzip."""

import time

from lab.network import SERVER


def play(lab):
    listener = lab.listen(lab.server, 8080)
    with lab.capture(lab.client, "capture.pcap", options=["-s", "68"]):
        client = lab.dial(lab.client, 40034)
        client.connect((SERVER, 8080))
        server = listener.accept()
        client.send(b"POST /upload HTTP/1.1\r\nHost: shop.example\r\nContent-Length: 4000\r\n\r\n" + 4000 * b"x")
        server.receive(100)
        time.sleep(0.05)
        server.close()
        client.receive(100)
        client.close()
    lab.compress("capture.pcap", "gzip", "-nf9")
