"""TCP segments that no TCP made: written by a program and sent through a raw socket."""

import socket
import struct

RST = 0x04
SYN = 0x02
ETHERNET_HEADER = 14


def checksum(data):
    """The Internet checksum of an even number of bytes (RFC 1071)."""
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def packet(source, destination, seq, flags, ttl, identification, window=0, options=b"", dont_fragment=False):
    """An IPv4 packet with a TCP header from and to these (address, port)."""
    addresses = socket.inet_aton(source[0]) + socket.inet_aton(destination[0])
    length = 20 + len(options)
    tcp = struct.pack("!HHIIBBHHH", source[1], destination[1], seq % 2**32, 0, length // 4 << 4, flags, window, 0, 0)
    tcp += options
    pseudo = addresses + struct.pack("!BBH", 0, socket.IPPROTO_TCP, len(tcp))
    tcp = tcp[:16] + struct.pack("!H", checksum(pseudo + tcp)) + tcp[18:]
    ip = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(tcp), identification, 0x4000 if dont_fragment else 0, ttl, socket.IPPROTO_TCP, 0)
    return ip + addresses + tcp


def raw_socket(host):
    """A socket of a host that sends whole IPv4 packets."""
    with host.inside():
        return socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)


def watch(host, interface):
    """A socket that reads the frames of an interface."""
    with host.inside():
        sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0800))
    sock.bind((interface, 0x0800))
    return sock


def ports_and_numbers(frame):
    """Source port, destination port, sequence and acknowledgement number of an Ethernet frame with IPv4 and TCP."""
    ip = frame[ETHERNET_HEADER:]
    return struct.unpack("!HHII", ip[(ip[0] & 15) * 4:][:12])
