"""reset_unread_data on one machine, over the loopback interface, with nanoseconds."""

import time

PORT = 8080


def play(lab):
    listener = lab.listen(lab.server, PORT)
    with lab.capture(lab.server, "capture.pcap", "lo", options=["--time-stamp-precision=nano"]):
        client = lab.dial(lab.server, 40037)
        client.name = "client"
        client.connect(("127.0.0.1", PORT))
        server = listener.accept()
        client.send(b"12")
        server.receive(1)
        time.sleep(0.01)
        server.close()
        client.receive(1)
        client.close()
