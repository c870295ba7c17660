# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A TCP port in front of another one that is as slow as a serial line."""
import queue
import socket
import threading
import time

_BITS_PER_BYTE = 10  # start and stop bit
_PORTION = 64


class SlowLine:
    """Each direction carries `baud` bits a second; each byte comes `latency` seconds later."""

    def __init__(self, address: str, *, baud: int = 115_200, latency: float = 0.001) -> None:
        host, port = address.rsplit(":", 1)
        self._target = (host, int(port))
        self._seconds_per_byte = _BITS_PER_BYTE / baud
        self._latency = latency
        self._sockets: list[socket.socket] = []
        self.carried = 0  # bytes, both ways
        self._listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._serve, daemon=True).start()

    def address(self) -> str:
        return f"127.0.0.1:{self._listener.getsockname()[1]}"

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection(self._target)
            for end in (client, server):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._sockets.append(end)
            self._carry(client, server)
            self._carry(server, client)

    def _carry(self, source: socket.socket, sink: socket.socket) -> None:
        waiting: queue.Queue = queue.Queue()
        threading.Thread(target=self._take, args=(source, waiting), daemon=True).start()
        threading.Thread(target=self._give, args=(sink, waiting), daemon=True).start()

    def _take(self, source: socket.socket, waiting: queue.Queue) -> None:
        free = 0.0  # when the line has carried what came before
        while True:
            try:
                portion = source.recv(_PORTION)
            except OSError:
                portion = b""
            free = max(free, time.monotonic()) + len(portion) * self._seconds_per_byte
            self.carried += len(portion)
            waiting.put((free + self._latency, portion))
            if not portion:
                return

    @staticmethod
    def _give(sink: socket.socket, waiting: queue.Queue) -> None:
        while True:
            due, portion = waiting.get()
            time.sleep(max(0.0, due - time.monotonic()))
            try:
                if not portion:
                    sink.shutdown(socket.SHUT_WR)
                    return
                sink.sendall(portion)
            except OSError:
                return

    def close(self) -> None:
        self._listener.close()
        for end in self._sockets:
            end.close()
