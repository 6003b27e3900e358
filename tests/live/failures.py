"""Connections between real sockets whose end is known, each with one cause that a capture can tell; and sound ones beside them."""

import contextlib
import random
import socket
import struct
import threading
import time

SERVER = "192.0.2.1"
CLOSED_PORT = 8079
# From the client's port to the server's, so that nobody takes one for the other.
SERVICES = 10_000
REQUEST = b"GET /cart HTTP/1.1\r\nHost: shop.example\r\n\r\n"
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

# Longer than Linux puts off an acknowledgement (40 ms): then everything is acknowledged.
QUIET = (0.08, 0.5)


class Failures:
    """Plays them one after the other between two hosts. `made`: the client's port, cause and sender of each."""

    def __init__(self, server, client, seed):
        self.server, self.client, self.draw = server, client, random.Random(seed)
        self.made, self.next_port = [], 20_000
        self.kinds = [self.refused, self.aborted_by_server, self.unread_by_server, self.late_data, self.aborted_by_client,
                      self.unread_by_client]

    def play(self, until):
        """Two a second, of every kind in turn, until this time."""
        nth = 0
        while time.monotonic() < until:
            kind = self.kinds[nth % len(self.kinds)]
            nth += 1
            port = self.next_port
            self.next_port += 1
            with contextlib.suppress(OSError):
                cause, sender = kind(port)
                self.made.append((port, cause, sender))
            time.sleep(self.draw.uniform(0.05, 0.3))

    def refused(self, port):
        """Nobody listens."""
        with self._socket(self.client, port) as one, contextlib.suppress(ConnectionRefusedError):
            one.connect((SERVER, CLOSED_PORT))
        return "refused_no_listener", "server"

    def aborted_by_server(self, port):
        """The server has read everything, its answer is acknowledged, and nothing is under way."""
        client, server = self._answered(port)
        self._quiet()
        self._abort(server)
        self._read_to_end(client)
        return "abort_linger0", "server"

    def unread_by_server(self, port):
        """The server closes before it has read all of the request."""
        client, server = self._connection(port)
        client.send(REQUEST)
        server.recv(10)
        self._quiet()
        server.close()
        self._read_to_end(client)
        return "closed_with_unread_data", "server"

    def late_data(self, port):
        """The server closed, and the client sends nevertheless, in the middle of what it has to say."""
        client, server = self._connection(port)
        client.send(b"the first of many lines\n")
        server.recv(4096)
        self._quiet()
        server.close()
        self._quiet()
        client.send(b"the second of many lines\n")
        time.sleep(0.02)
        client.close()
        return "data_after_close", "server"

    def aborted_by_client(self, port):
        """The client has read everything and aborts."""
        client, server = self._answered(port)
        self._quiet()
        self._abort(client)
        self._read_to_end(server)
        return "client_abort", "client"

    def unread_by_client(self, port):
        """The client closes before it has read all of the answer."""
        client, server = self._connection(port)
        client.send(REQUEST)
        server.recv(4096)
        server.send(ANSWER)
        client.recv(4)
        self._quiet()
        client.close()
        self._read_to_end(server)
        return "client_abort", "client"

    def _quiet(self):
        # Never the same: an equal pause in many connections would be somebody's time limit.
        time.sleep(self.draw.uniform(*QUIET))

    def _answered(self, port):
        client, server = self._connection(port)
        client.send(REQUEST)
        server.recv(4096)
        server.send(ANSWER)
        client.recv(4096)
        return client, server

    def _connection(self, port):
        """Both ends of one, with a listener of its own: sockets of one process that end together tell of its end."""
        service = port - SERVICES
        with self._socket(self.server, service) as listener:
            listener.listen()
            client = self._socket(self.client, port)
            client.connect((SERVER, service))
            return client, listener.accept()[0]

    @staticmethod
    def _socket(host, port):
        with host.inside():
            one = socket.socket()
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        one.settimeout(5)
        one.bind(("", port))
        return one

    @staticmethod
    def _abort(one):
        one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        one.close()

    @staticmethod
    def _read_to_end(one):
        with contextlib.suppress(OSError):
            one.recv(4096)
        one.close()


def sound_traffic(server, client, octets_a_second):
    """Requests on connections that end well, and one download that goes on, until the program ends."""
    with server.inside():
        listener = socket.create_server((SERVER, 8000), backlog=64)

    def serve(one):
        with one, contextlib.suppress(OSError):
            while one.recv(4096):
                one.send(ANSWER)

    def accept():
        while True:
            threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()

    def ask():
        while True:
            with client.inside():
                one = socket.socket()
            with one, contextlib.suppress(OSError):
                one.connect((SERVER, 8000))
                for _ in range(10):
                    one.send(REQUEST)
                    one.recv(4096)
                    time.sleep(0.02)

    def download():
        with server.inside():
            source = socket.create_server((SERVER, 8001))
        with client.inside():
            sink = socket.socket()
        sink.connect((SERVER, 8001))
        sender = source.accept()[0]
        threading.Thread(target=lambda: all(iter(lambda: sink.recv(1 << 20), b"")), daemon=True).start()
        piece = bytes(1 << 16)
        while True:
            sender.sendall(piece)
            time.sleep(len(piece) / octets_a_second)

    for job in (accept, ask, ask, download):
        threading.Thread(target=job, daemon=True).start()
