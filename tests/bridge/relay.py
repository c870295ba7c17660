# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A TCP line between a bridge and a native debug server that a test can cut."""
import socket
import struct
import threading


class Relay:
    """Takes connections on a port of its own, one after the other, each with one to `target`."""

    def __init__(self, target: str) -> None:
        host, port = target.split(":")
        self._target = (host, int(port))
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._ends: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def address(self) -> str:
        return f"127.0.0.1:{self._listener.getsockname()[1]}"

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return  # disposed
            server = socket.create_connection(self._target)
            self._ends = [client, server]
            for end in self._ends:
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for source, sink in ((client, server), (server, client)):
                threading.Thread(target=self._carry, args=(source, sink), daemon=True).start()

    @staticmethod
    def _carry(source: socket.socket, sink: socket.socket) -> None:
        try:
            while data := source.recv(65536):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # cut

    def cut(self) -> None:
        """Both connections are reset."""
        ends, self._ends = self._ends, []
        for end in ends:
            end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            try:
                end.shutdown(socket.SHUT_RD)  # wakes the thread that reads
            except OSError:
                pass  # the other side was faster
            end.close()

    def dispose(self) -> None:
        self._listener.close()
        self.cut()
