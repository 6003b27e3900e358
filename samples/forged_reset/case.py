"""A program on the router sees a forbidden word and kills the connection with a RST in the server's name."""

import socket
import struct
import threading
import time

from lab.network import CLIENT, SERVER

WORD = b"forbidden"
ETHERNET_HEADER = 14
# No host of the network starts with this TTL; seen one hop on, by the client, it is unchanged: no router in between.
FORGED_TTL = 128


def checksum(data):
    """The Internet checksum of an even number of bytes (RFC 1071)."""
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def forged_reset(segment):
    """An IPv4 packet that resets the connection of `segment`, a TCP header sent by the client."""
    client_port, server_port, _, acknowledged = struct.unpack("!HHII", segment[:12])
    addresses = socket.inet_aton(SERVER) + socket.inet_aton(CLIENT)
    tcp = struct.pack("!HHIIBBHHH", server_port, client_port, acknowledged, 0, 5 << 4, 0x04, 0, 0, 0)
    pseudo = addresses + struct.pack("!BBH", 0, socket.IPPROTO_TCP, len(tcp))
    tcp = tcp[:16] + struct.pack("!H", checksum(pseudo + tcp)) + tcp[18:]
    ip = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(tcp), 0x2A17, 0, FORGED_TTL, socket.IPPROTO_TCP, 0)
    return ip + addresses + tcp


def inject(watch, raw, log):
    """Waits for the word on the client's side of the router and answers it, once."""
    while True:
        frame = watch.recv(2048)
        if WORD in frame:
            packet = frame[ETHERNET_HEADER:]
            segment = packet[(packet[0] & 15) * 4:]
            raw.sendto(forged_reset(segment), (CLIENT, 0))
            log.write("router", "injected a RST with the server's address")
            return


def play(lab):
    listener = lab.listen(lab.server, 8080)
    with lab.router.inside():
        watch = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0800))
        raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
    watch.bind(("lan", 0x0800))
    threading.Thread(target=inject, args=(watch, raw, lab.log), daemon=True).start()
    with lab.capture(lab.client, "capture.pcap"):
        client = lab.dial(lab.client, 40011)
        client.connect((SERVER, 8080))
        server = listener.accept()
        client.send(b"GET / HTTP/1.1\r\nHost: shop.example\r\n\r\n")
        server.receive(4096)
        server.send(b"HTTP/1.1 204 No Content\r\n\r\n")
        client.receive(4096)
        time.sleep(0.05)
        client.send(b"GET /forbidden HTTP/1.1\r\nHost: shop.example\r\n\r\n")
        server.receive(4096)
        server.send(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok\n")
        client.receive(4096)
        client.close()
        server.receive(4096)
        server.close()
