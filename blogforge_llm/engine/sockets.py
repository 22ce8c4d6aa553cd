"""The network backend under the SDKs: every read and write names the socket it waits on to the current call (calls.py),
so that the call can be stopped at any moment: looking up, connecting, TLS, before the headers, in mid-stream.
One backend for httpcore (groq, cerebras) and httpcore2 (openai, llm): `core` is the module.
"""

from __future__ import annotations

import queue
import select
import socket
import ssl
import threading
import time
from collections.abc import Iterable
from contextlib import contextmanager, suppress
from types import ModuleType
from typing import Any

from blogforge_llm.engine import addresses, calls

CONNECT_TIMEOUT_S = 3.0


class WatchedStream:
    """A connection. Pooled, so its owner changes: only the call that uses it now may shut it down."""

    def __init__(self, sock: socket.socket, core: ModuleType) -> None:
        self._sock = sock
        self._core = core
        self._owner: calls.Call | None = None
        self._lock = threading.Lock()

    def claim(self) -> None:
        call = calls.current()
        with self._lock:
            self._owner = call
        if call is not None:
            call.blocked_in(self)

    def interrupt(self, call: calls.Call) -> None:
        with self._lock:
            if self._owner is call:
                # Not SSLSocket.shutdown: it drops TLS first, and a write between the two would go out in clear.
                with suppress(OSError):
                    socket.socket.shutdown(self._sock, socket.SHUT_RDWR)

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        self.claim()
        with _translated(self._core.ReadTimeout, self._core.ReadError):
            self._sock.settimeout(timeout)
            return self._sock.recv(max_bytes)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self.claim()
        with _translated(self._core.WriteTimeout, self._core.WriteError):
            self._sock.settimeout(timeout)
            if buffer:
                self._sock.sendall(buffer)

    def close(self) -> None:
        self._sock.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> WatchedStream:
        with _translated(self._core.ConnectTimeout, self._core.ConnectError):
            # The handshake apart, because wrapping replaces the socket that must be shut down to stop it.
            wrapped = ssl_context.wrap_socket(
                self._sock, server_hostname=server_hostname, do_handshake_on_connect=False
            )
            stream = WatchedStream(wrapped, self._core)
            stream.claim()
            try:
                wrapped.settimeout(timeout)
                wrapped.do_handshake()
            except OSError:
                wrapped.close()
                raise
        return stream

    def get_extra_info(self, info: str) -> Any:
        if info == "ssl_object":
            return self._sock if isinstance(self._sock, ssl.SSLSocket) else None
        if info == "is_readable":
            return _is_readable(self._sock)
        known = {
            "socket": lambda: self._sock,
            "client_addr": self._sock.getsockname,
            "server_addr": self._sock.getpeername,
        }
        return known[info]() if info in known else None


class Backend:
    """What a connection pool of `core` takes as its network_backend."""

    def __init__(self, core: ModuleType) -> None:
        self._core = core

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> WatchedStream:
        until = time.monotonic() + min(timeout or CONNECT_TIMEOUT_S, CONNECT_TIMEOUT_S)
        with _translated(self._core.ConnectTimeout, self._core.ConnectError):
            targets = _lookup(host, port, until)
            for position, target in enumerate(targets):
                left = len(targets) - position
                try:
                    # A fair share each: a dead IPv6 route must not use up the time of the IPv4 one.
                    return self._connect(target, (until - time.monotonic()) / left)
                except OSError:
                    if left == 1:
                        raise
        raise self._core.ConnectError(f"{host} has no address")

    def connect_unix_socket(self, path: str, timeout: float | None = None, socket_options: Any = None) -> WatchedStream:
        raise self._core.ConnectError("only TCP is used")

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)

    def _connect(self, target: addresses.Target, timeout: float) -> WatchedStream:
        family, sockaddr = target
        sock = socket.socket(family, socket.SOCK_STREAM)
        try:
            stream = WatchedStream(sock, self._core)
            stream.claim()
            sock.settimeout(max(timeout, 0.001))
            sock.connect(sockaddr)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError:
            sock.close()
            raise
        return stream


class _Lookup:
    """A name server may take half a minute, and nothing can interrupt the C library: it is asked in a thread."""

    def __init__(self, host: str, port: int) -> None:
        self._answer: queue.SimpleQueue[list[addresses.Target] | OSError] = queue.SimpleQueue()
        threading.Thread(target=self._ask, args=(host, port), name="name-lookup", daemon=True).start()

    def interrupt(self, call: calls.Call) -> None:
        self._answer.put(ConnectionAbortedError("stopped while looking up the name"))

    def result(self, timeout: float) -> list[addresses.Target]:
        if (call := calls.current()) is not None:
            call.blocked_in(self)
        try:
            answer = self._answer.get(timeout=max(timeout, 0.001))
        except queue.Empty:
            raise TimeoutError("the name server did not answer") from None
        if isinstance(answer, OSError):
            raise answer
        return answer

    def _ask(self, host: str, port: int) -> None:
        try:
            self._answer.put(addresses.resolve(host, port))
        except OSError as error:
            self._answer.put(error)


def _lookup(host: str, port: int, until: float) -> list[addresses.Target]:
    if not addresses.needs_lookup(host):
        return addresses.resolve(host, port)
    return _Lookup(host, port).result(until - time.monotonic())


@contextmanager
def _translated(timeout: type[Exception], failure: type[Exception]) -> Any:
    """The pool's exceptions for the system's: httpx knows no others. A refused address stays what it is."""
    try:
        yield
    except addresses.Refused:
        raise
    except TimeoutError as error:
        raise timeout(str(error)) from error
    except OSError as error:
        raise failure(str(error)) from error


def _is_readable(sock: socket.socket) -> bool:
    # An idle connection that can be read was closed by the other side. poll, not select: descriptors may exceed 1024.
    if sock.fileno() < 0:
        return True
    poll = select.poll()
    poll.register(sock, select.POLLIN)
    return bool(poll.poll(0))
