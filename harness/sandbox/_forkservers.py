"""The fork servers of one host process, and their use by other processes that it starts.

One fork server serves all workers that import the same libraries, in all evaluations and courses and in all processes
of one command, so that the libraries are imported once.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import msgspec

from harness.paths import View
from harness.sandbox._bubblewrap import Bubblewrap
from harness.sandbox._forkserver_process import ForkServer, ForkServerConnection, SpawnError
from harness.sandbox._preload import top_level

_MOST = 4
"""The largest number of fork servers that accept new workers; one with torch uses about 300 MiB."""
_MESSAGE_BYTES = 1 << 18


class ForkServers(Protocol):
    """Fork servers that workers can be forked from."""

    def connect(self, bubblewrap: Bubblewrap, modules: frozenset[str]) -> ForkServerConnection:
        """Return a connection, to be closed by the caller, to a fork server that has imported `modules`.

        Raises:
            SpawnError: none can be started, or it does not answer.
        """

    def close(self) -> None:
        """Release the fork servers."""


@dataclass(frozen=True)
class _ForkServerKey:
    """The properties that workers of the same fork server have in common."""

    program: Path
    view: View
    packages: frozenset[str]
    """A worker must not find a package loaded that its submission does not import."""

    @classmethod
    def of(cls, bubblewrap: Bubblewrap, modules: Iterable[str]) -> _ForkServerKey:
        return cls(bubblewrap.program, bubblewrap.view(), top_level(modules))


@dataclass(eq=False)
class ForkServerOwner:
    """Starts fork servers when they are needed, and kills them and all their workers when it is closed."""

    most: int = _MOST
    _servers: dict[_ForkServerKey, ForkServer] = field(default_factory=dict)
    """The running fork servers, with the most recently used one last."""
    _retired: list[ForkServer] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def connect(self, bubblewrap: Bubblewrap, modules: frozenset[str]) -> ForkServerConnection:
        """Return a connection to a fork server that has imported `modules`; one that was killed is replaced.

        Raises:
            SpawnError: none can be started, or it does not answer.
        """
        server = self._server(bubblewrap, modules)
        try:
            return _connect(server, modules)
        except SpawnError:
            self._forget(server)
            if not server.has_answered:
                raise
        return _connect(self._server(bubblewrap, modules), modules)

    def begin(self, bubblewrap: Bubblewrap, modules: frozenset[str]) -> None:
        """Start the fork server that `connect` would return a connection to, and do not wait until it answers."""
        self._server(bubblewrap, modules)

    def share(self) -> socket.socket:
        """Return a socket for a `ForkServerClient`, to be passed to another process and closed here."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        threading.Thread(target=_serve, args=(self, ours), name="forkservers", daemon=True).start()
        return theirs

    def close(self) -> None:
        """Kill every fork server and every worker."""
        with self._lock:
            servers = [*self._servers.values(), *self._retired]
            self._servers.clear()
            self._retired.clear()
        for server in servers:
            server.close()

    def _server(self, bubblewrap: Bubblewrap, modules: frozenset[str]) -> ForkServer:
        """Return the fork server for `modules`, starting it if necessary; the least recently used ones are retired."""
        with self._lock:
            self._close_exited()
            # every evaluation also needs a fork server without libraries, for the yardstick
            for wanted in (frozenset[str](), modules):
                key = _ForkServerKey.of(bubblewrap, wanted)
                server = self._servers.pop(key, None) or ForkServer(bubblewrap.fork_server(), wanted)
                self._servers[key] = server
            while len(self._servers) > self.most:
                retired = self._servers.pop(next(iter(self._servers)))
                retired.retire()
                self._retired.append(retired)
            return server

    def _close_exited(self) -> None:
        for key, server in list(self._servers.items()):
            if server.has_exited and server.has_answered:
                self._servers.pop(key).close()
        for server in [server for server in self._retired if server.has_exited]:
            self._retired.remove(server)
            server.close()

    def _forget(self, server: ForkServer) -> None:
        with self._lock:
            keys = [key for key, one in self._servers.items() if one is server]
            for key in keys:
                del self._servers[key]
        if keys:
            server.close()


def _connect(server: ForkServer, modules: frozenset[str]) -> ForkServerConnection:
    server.preload(modules)
    return server.connect()


class _ConnectRequest(msgspec.Struct, frozen=True):
    """A request for a connection; the answer has the connection's socket attached as a descriptor."""

    program: str
    hidden: tuple[str, ...]
    modules: tuple[str, ...]

    def bubblewrap(self) -> Bubblewrap:
        return Bubblewrap(Path(self.program), tuple(map(Path, self.hidden)))


class _Connection(msgspec.Struct, frozen=True, tag=True):
    staging: str
    packages: tuple[str, ...]


class _Refusal(msgspec.Struct, frozen=True, tag=True):
    reason: str


class ForkServerClient:
    """Uses the fork servers of the process that started this one."""

    def __init__(self, owner: socket.socket) -> None:
        self._owner = owner
        self._lock = threading.Lock()

    def connect(self, bubblewrap: Bubblewrap, modules: frozenset[str]) -> ForkServerConnection:
        """Return a connection to a fork server that has imported `modules`.

        Raises:
            SpawnError: no fork server can be started, or the owner does not answer.
        """
        hidden = tuple(map(str, bubblewrap.hidden))
        request = _ConnectRequest(str(bubblewrap.program), hidden, tuple(sorted(modules)))
        try:
            with self._lock:
                self._owner.send(msgspec.msgpack.encode(request))
                message, descriptors, _, _ = socket.recv_fds(self._owner, _MESSAGE_BYTES, 1)
        except OSError as error:
            raise SpawnError(f"the process that started the fork servers does not answer ({error})") from error
        if not message:
            raise SpawnError("the process that started the fork servers has exited")
        answer = msgspec.msgpack.decode(message, type=_Connection | _Refusal)
        if isinstance(answer, _Refusal):
            raise SpawnError(answer.reason)
        connected = socket.socket(fileno=descriptors[0])
        return ForkServerConnection(connected, Path(answer.staging), frozenset(answer.packages))

    def close(self) -> None:
        """Close the connection to the owner, which keeps the fork servers."""
        self._owner.close()


def _serve(owner: ForkServerOwner, client: socket.socket) -> None:
    """Answer the requests of a client until it closes the connection."""
    with client, contextlib.suppress(OSError):
        while message := client.recv(_MESSAGE_BYTES):
            request = msgspec.msgpack.decode(message, type=_ConnectRequest)
            try:
                connection = owner.connect(request.bubblewrap(), frozenset(request.modules))
            except SpawnError as error:
                client.send(msgspec.msgpack.encode(_Refusal(str(error))))
                continue
            answer = _Connection(str(connection.staging), tuple(sorted(connection.packages)))
            with closing(connection):
                socket.send_fds(client, [msgspec.msgpack.encode(answer)], [connection.socket.fileno()])
