"""The client's end of a connection: sending, waiting without missing that it left, and leaving it rudely."""

import os
import select
import socket
import struct
import time


class ClientLeft(Exception):
    """The client closed the connection, or the stand-in is being stopped."""


class Client:
    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection

    def send(self, data: bytes) -> None:
        """Raises ClientLeft, also when the client is known to be gone but the kernel would take the bytes."""
        self.check()
        try:
            self._connection.sendall(data)
        except OSError:
            raise ClientLeft from None

    def wait(self, seconds: float, bell: socket.socket | None = None) -> None:
        """Waits that long, or until the bell rings. Raises ClientLeft at the moment the client leaves."""
        if seconds <= 0 and bell is None:
            return
        deadline = time.monotonic() + seconds
        poll = select.poll()
        poll.register(self._connection, select.POLLIN)
        if bell is not None:
            poll.register(bell, select.POLLIN)
        while True:
            left = deadline - time.monotonic()
            ready = dict(poll.poll(None if left == float("inf") else max(0.0, left) * 1000))
            if not ready or (bell is not None and bell.fileno() in ready):
                return
            if ready[self._connection.fileno()] & (select.POLLHUP | select.POLLERR):
                raise ClientLeft
            self.check()
            poll.modify(self._connection, 0)  # it sent its next request early: from now on only an end counts

    def reset(self) -> None:
        """Ends the connection with a TCP reset; nothing can be sent afterwards."""
        self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        os.close(self._connection.detach())  # the handler's files would keep it open past close()

    def check(self) -> None:
        """Raises ClientLeft when the client has closed the connection."""
        try:
            if self._connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b"":
                raise ClientLeft
        except BlockingIOError:
            return
        except OSError:
            raise ClientLeft from None
