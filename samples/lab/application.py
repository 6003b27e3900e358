"""Sockets that write down what the application saw: each call, its result, its errno."""

import errno
import os
import socket
import struct
import time


class Log:
    """Lines with the wall-clock time, as the capture has it."""

    def __init__(self):
        self.lines = []

    def write(self, who, text, at=None):
        """Adds one line; `at` is in seconds since the epoch."""
        self.lines.append((time.time() if at is None else at, who, text))


def _outcome(result):
    if isinstance(result, OSError):
        return f"{errno.errorcode[result.errno]} ({result.errno}): {os.strerror(result.errno)}"
    if isinstance(result, bytes):
        return f"{len(result)} bytes" if result else "end of stream"
    if isinstance(result, int):
        return f"{result} bytes"
    return "ok"


class Application:
    """One socket of one host. Calls never raise: an application's error is what a sample is about."""

    def __init__(self, log, name, sock):
        self.log, self.name, self.sock = log, name, sock

    def _call(self, text, function, *arguments):
        try:
            result = function(*arguments)
        except OSError as error:
            result = error
        self.log.write(self.name, f"{text}: {_outcome(result)}")
        return result

    def connect(self, address):
        """Opens the connection and waits for the outcome."""
        return self._call(f"connect to {address[0]} port {address[1]}", self.sock.connect, address)

    def accept(self, name=None):
        """Takes the next connection of a listening socket."""
        connection, _ = self.sock.accept()
        self.log.write(self.name, "accept: ok")
        return Application(self.log, name or self.name, connection)

    def send(self, data):
        """Writes data, without waiting for it to arrive."""
        return self._call(f"write of {len(data)} bytes", self.sock.send, data)

    def receive(self, most):
        """Waits for data, for the end of the stream or for an error."""
        return self._call(f"read of at most {most} bytes", self.sock.recv, most)

    def close(self):
        """Closes the socket the ordinary way."""
        return self._call("close", self.sock.close)

    def abort(self):
        """Closes the socket with SO_LINGER on and 0 seconds."""
        self.option(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return self._call("close with SO_LINGER 0", self.sock.close)

    def forget(self):
        """Drops the connection without a packet, as a loss of power does (TCP_REPAIR)."""
        self.option(socket.IPPROTO_TCP, 19, 1)
        return self._call("the host loses the connection's state", self.sock.close)

    def option(self, level, name, value):
        """Sets a socket option."""
        self.sock.setsockopt(level, name, value)
