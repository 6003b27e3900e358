"""Captures that somebody made to hurt whoever reads them: one function a capture, each writes a file."""

import gzip
import random
import struct

RAW = 101  # LINKTYPE_RAW: the frame begins with the IP header
SYN, FIN, RST, PSH, ACK = 2, 1, 4, 8, 16


def ip(number):
    return struct.pack("!I", number)


CLIENT, SERVER = 0xC0000201, 0xC6336405  # 192.0.2.1, 198.51.100.5


def tcp(source, port, destination, to, seq, ack, flags, data=b"", options=b"", ttl=64):
    header = struct.pack("!HHIIBBHHH", port, to, seq & 0xFFFFFFFF, ack & 0xFFFFFFFF,
                         (5 + len(options) // 4) << 4, flags, 500, 0, 0) + options + data
    return ipv4(source, destination, 6, header, ttl)


def ipv4(source, destination, protocol, data, ttl=64, ident=0, fragment=0):
    return struct.pack("!BBHHHBBHII", 0x45, 0, 20 + len(data), ident, fragment, ttl, protocol, 0,
                       source, destination) + data


class Pcap:
    """Writes frames with a time in microseconds each."""

    def __init__(self, path, link_type=RAW):
        self.file = gzip.open(path, "wb", 1) if path.endswith(".gz") else open(path, "wb", 1 << 20)
        self.file.write(struct.pack("<IHHIIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, link_type))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()

    def frame(self, micros, octets):
        seconds, rest = divmod(micros, 1_000_000)
        self.file.write(struct.pack("<IIII", seconds & 0xFFFFFFFF, rest, len(octets), len(octets)) + octets)


def block(kind, body):
    body += bytes(-len(body) % 4)
    return struct.pack("<II", kind, len(body) + 12) + body + struct.pack("<I", len(body) + 12)


SECTION = block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1))


def bomb(path, size):
    """A gigabyte of frames of zeros that gzip makes small."""
    with Pcap(path) as out:
        record = (struct.pack("<IIII", 0, 0, 65000, 65000) + bytes(65000)) * 16
        for _ in range(size):
            out.file.write(record)


def bomb_block(path, size):
    """One pcapng block of gigabytes, packed small."""
    with gzip.open(path, "wb", 1) as out:
        out.write(SECTION + struct.pack("<II", 6, (size << 20) + 32))
        for _ in range(size):
            out.write(bytes(1 << 20))


def huge_block(path, _):
    """A pcapng block that says it has 4 GiB."""
    with open(path, "wb") as out:
        out.write(SECTION + block(1, struct.pack("<HHI", RAW, 0, 0)) + struct.pack("<II", 6, 0xFFFFFFFC) + bytes(1000))


def interfaces(path, size):
    """Interfaces without end, and a packet on the last one."""
    with open(path, "wb", 1 << 20) as out:
        out.write(SECTION)
        described = block(1, struct.pack("<HHI", RAW, 0, 0))
        for _ in range(size // 1000):
            out.write(described * 1000)
        packet = tcp(CLIENT, 4000, SERVER, 443, 1, 0, RST)
        out.write(block(6, struct.pack("<IIIII", size - 1, 0, 1, len(packet), len(packet)) + packet))


def sections(path, size):
    """A section for every packet."""
    with open(path, "wb", 1 << 20) as out:
        for n in range(size):
            packet = tcp(CLIENT + n % 7, 4000 + n % 50000, SERVER, 443, n, 0, RST)
            out.write(SECTION + block(1, struct.pack("<HHI", RAW, 0, 0)))
            out.write(block(6, struct.pack("<IIIII", 0, 0, n, len(packet), len(packet)) + packet))


def fragments(path, size):
    """First and last fragments of packets that are never whole."""
    with Pcap(path) as out:
        part = tcp(CLIENT, 4000, SERVER, 443, 1, 0, SYN, bytes(1200))[20:]
        for n in range(size):
            offset = (n % 40) * 160
            out.frame(n, ipv4(CLIENT + n // 65536, SERVER, 6, part, ident=n & 0xFFFF, fragment=0x2000 | offset))


def overlapping_fragments(path, size):
    """A packet in eight thousand pieces that lacks one, and its pieces again and again."""
    with Pcap(path) as out:
        out.frame(0, ipv4(CLIENT, SERVER, 6, bytes(8), ident=7, fragment=8100))
        for n in range(size):
            out.frame(n, ipv4(CLIENT, SERVER, 6, bytes(8), ident=7, fragment=0x2000 | (n % 8000)))


def options(path, size):
    """Options that say they have no length, or more than there is."""
    with Pcap(path) as out:
        draw = random.Random(1)
        for n in range(size):
            evil = bytes([draw.choice([1, 2, 3, 5, 8, 30, 254]), draw.choice([0, 1, 2, 3, 40, 255])] * 20)
            out.frame(n, tcp(CLIENT, 1024 + n % 60000, SERVER, 443, n, n, draw.choice([SYN, ACK, RST]), options=evil))


def tunnels(path, size):
    """IP in IP in IP, as deep as a packet can hold."""
    with Pcap(path) as out:
        for n in range(size):
            packet = tcp(CLIENT, 1024 + n % 60000, SERVER, 443, n, 0, SYN)
            for _ in range(n % 3000):
                packet = ipv4(CLIENT, SERVER, 4, packet)
                if len(packet) > 65000:
                    break
            out.frame(n, packet)


def paths(path, size):
    """Every packet of one connection in a tunnel of its own."""
    with Pcap(path) as out:
        for n in range(size):
            out.frame(n * 10, ipv4(CLIENT + n, SERVER, 4, tcp(CLIENT, 4000, SERVER, 443, n * 100, 1, ACK, b"x")))


def one_flow(path, size):
    """One connection with very many segments, ended by a reset."""
    with Pcap(path) as out:
        out.frame(0, tcp(CLIENT, 4000, SERVER, 443, 0, 0, SYN))
        out.frame(1, tcp(SERVER, 443, CLIENT, 4000, 0, 1, SYN | ACK))
        for n in range(size):
            out.frame(2 + n, tcp(CLIENT, 4000, SERVER, 443, 1 + n, 1, ACK, b"x"))
        out.frame(2 + size, tcp(SERVER, 443, CLIENT, 4000, 1, 1, RST))


def holes(path, size):
    """One connection of which every other octet is missing."""
    with Pcap(path) as out:
        out.frame(0, tcp(CLIENT, 4000, SERVER, 443, 0, 0, SYN))
        for n in range(size):
            out.frame(n + 1, tcp(CLIENT, 4000, SERVER, 443, 1 + 2 * (n * 7919 % size), 1, ACK, b"x"))
        out.frame(size + 1, tcp(SERVER, 443, CLIENT, 4000, 1, 1, RST))


def one_packet_flows(path, size):
    """Flows of one SYN each, all from other addresses."""
    with Pcap(path) as out:
        for n in range(size):
            out.frame(n, tcp((n * 2654435761) & 0xFFFFFFFF, 1024 + n % 60000, SERVER, 443, n, 0, SYN))


def chosen_ends(path, size):
    """As many flows of one SYN, with ends that a hash without a key puts into one place."""
    with Pcap(path) as out:
        for n in range(size):
            # The low bits of every field are the same in all, and so are sum and exclusive or of addresses and ports.
            high = (n & 0xFFFF) << 16
            out.frame(n, tcp(high | 1, 1024 + (n >> 16), high | 2, 1024 + (n >> 16), n, 0, SYN))


def link_types(path, size):
    """Sixty thousand link types, each packet of another one."""
    with open(path, "wb", 1 << 20) as out:
        out.write(SECTION)
        for kind in range(60_000):
            out.write(block(1, struct.pack("<HHI", kind, 0, 0)))
        packet = tcp(CLIENT, 4000, SERVER, 443, 1, 0, SYN)
        for n in range(size):
            out.write(block(6, struct.pack("<IIIII", n % 60_000, 0, n, len(packet), len(packet)) + packet))


def reset_flows(path, size):
    """Flows of one reset each."""
    with Pcap(path) as out:
        for n in range(size):
            out.frame(n, tcp(CLIENT + n // 50000, 1024 + n % 50000, SERVER, 443, n, 0, RST))


def resets(path, size):
    """A flood of resets into one live connection."""
    with Pcap(path) as out:
        out.frame(0, tcp(CLIENT, 4000, SERVER, 443, 0, 0, SYN))
        out.frame(1, tcp(SERVER, 443, CLIENT, 4000, 0, 1, SYN | ACK))
        out.frame(2, tcp(CLIENT, 4000, SERVER, 443, 1, 1, ACK))
        for n in range(size):
            out.frame(3 + n, tcp(SERVER, 443, CLIENT, 4000, n * 977, n, RST | (ACK if n % 2 else 0), ttl=n % 256))


def reused_port(path, size):
    """The same addresses and ports again and again, each time refused."""
    with Pcap(path) as out:
        for n in range(size):
            out.frame(n * 100, tcp(CLIENT, 4000, SERVER, 443, n * 1000003, 0, SYN))
            out.frame(n * 100 + 50, tcp(SERVER, 443, CLIENT, 4000, 0, n * 1000003 + 1, RST | ACK))


def refused(path, size):
    """One client refused by one server from every port, over and over."""
    with Pcap(path) as out:
        for n in range(size):
            port = 1024 + n % 64000
            out.frame(n * 10, tcp(CLIENT + n // 64000, port, SERVER, 443, n, 0, SYN))
            out.frame(n * 10 + 5, tcp(SERVER, 443, CLIENT + n // 64000, port, 0, n + 1, RST | ACK))


def outages(path, size):
    """A server that accepts one, refuses two and is silent for minutes, again and again."""
    with Pcap(path) as out:
        for n in range(size):
            at = n * 130_000_000
            for turn in range(3):
                port, client = 1024 + (n * 3 + turn) % 64000, CLIENT + (n * 3 + turn) // 64000
                out.frame(at, tcp(client, port, SERVER, 443, n, 0, SYN))
                if turn == 0:
                    out.frame(at + 1, tcp(SERVER, 443, client, port, 7, n + 1, SYN | ACK))
                    out.frame(at + 2, tcp(client, port, SERVER, 443, n + 1, 8, FIN | ACK))
                    out.frame(at + 3, tcp(SERVER, 443, client, port, 8, n + 2, FIN | ACK))
                else:
                    out.frame(at + turn * 10, tcp(SERVER, 443, client, port, 0, n + 1, RST | ACK))


def aborted(path, size):
    """Connections to one server that all end at one moment with a reset."""
    with Pcap(path) as out:
        ends = [(CLIENT + n // 60000, 1024 + n % 60000) for n in range(size)]
        for n, (client, port) in enumerate(ends):
            out.frame(n, tcp(client, port, SERVER, 443, n, 0, SYN))
            out.frame(n, tcp(SERVER, 443, client, port, 7, n + 1, SYN | ACK))
            out.frame(n, tcp(client, port, SERVER, 443, n + 1, 8, ACK | PSH, b"GET / HTTP/1.1\r\n\r\n"))
        for n, (client, port) in enumerate(ends):
            out.frame(size + 1, tcp(SERVER, 443, client, port, 8, n + 19, RST | ACK))


def times(path, size):
    """A clock that jumps to and fro over its whole range."""
    with Pcap(path) as out:
        draw = random.Random(2)
        for n in range(size):
            port, server = 1024 + n // 6 % 60000, draw.random() < 0.5
            ends = (SERVER, 443, CLIENT, port) if server else (CLIENT, port, SERVER, 443)
            flags = draw.choice([SYN, SYN | ACK, ACK, ACK | PSH, FIN | ACK, RST, RST | ACK])
            out.frame(draw.randrange(1 << 32) * 1_000_000, tcp(*ends, n, n, flags, b"x" * (n % 3)))


def icmp(path, size):
    """ICMP errors about flows that are there, and as many about none."""
    with Pcap(path) as out:
        for n in range(size):
            port = 1024 + n % 60000
            packet = tcp(CLIENT + n // 60000, port, SERVER, 443, n, 0, SYN)
            out.frame(n * 10, packet)
            for about in (packet, tcp(CLIENT, port, SERVER, 444, n, 0, SYN)):
                out.frame(n * 10 + 1, ipv4(SERVER, CLIENT, 1, struct.pack("!BBHI", 3, 1, 0, 0) + about[:28]))


# What is made, how large it is in a short and in a long run. Sizes are arguments of the functions.
ALL = [
    (bomb, "bomb.pcap.gz", 200, 1000),
    (bomb_block, "bomb_block.pcapng.gz", 100, 1500),
    (huge_block, "huge_block.pcapng", 1, 1),
    (interfaces, "interfaces.pcapng", 100_000, 1_000_000),
    (sections, "sections.pcapng", 20_000, 200_000),
    (fragments, "fragments.pcap", 100_000, 1_000_000),
    (overlapping_fragments, "overlapping_fragments.pcap", 100_000, 1_000_000),
    (options, "options.pcap", 100_000, 1_000_000),
    (tunnels, "tunnels.pcap", 3_000, 6_000),
    (paths, "paths.pcap", 100_000, 1_000_000),
    (one_flow, "one_flow.pcap", 200_000, 10_000_000),
    (holes, "holes.pcap", 100_000, 1_000_000),
    (one_packet_flows, "one_packet_flows.pcap", 200_000, 10_000_000),
    (chosen_ends, "chosen_ends.pcap", 200_000, 10_000_000),
    (link_types, "link_types.pcapng", 100_000, 1_000_000),
    (reset_flows, "reset_flows.pcap", 200_000, 2_000_000),
    (resets, "resets.pcap", 200_000, 2_000_000),
    (reused_port, "reused_port.pcap", 50_000, 500_000),
    (refused, "refused.pcap", 50_000, 500_000),
    (outages, "outages.pcap", 20_000, 30_000),
    (aborted, "aborted.pcap", 50_000, 200_000),
    (times, "times.pcap", 100_000, 1_000_000),
    (icmp, "icmp.pcap", 50_000, 500_000),
]
