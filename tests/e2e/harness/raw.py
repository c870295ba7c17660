# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A bare client of the GDB remote protocol, for what LLDB cannot ask or cannot time."""
import socket

_TIMEOUT_SECONDS = 10.0


_COUNT, _CONST8, _EQUAL, _END = 0x80, 0x22, 0x13, 0x27  # of the agent's bytecode


def counting(variable: int) -> str:
    """A condition for Z packets (X…) that counts in a variable how often it is looked at, and never holds."""
    code = bytes((_COUNT, 0, variable, _CONST8, 0, _EQUAL, _END))
    return f"X{len(code):x},{code.hex()}"


class RawClient:
    def __init__(self, address: str, *, acks: bool = False) -> None:
        """With `acks` for a server that cannot do without."""
        host, port = address.rsplit(":", 1)
        self._socket = socket.create_connection((host, int(port)), _TIMEOUT_SECONDS)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._received = b""
        self._acks = acks
        self.console = ""  # what the server had to say to the user
        if not acks:
            assert self.ask("QStartNoAckMode") == "OK"
            self._socket.sendall(b"+")

    def send(self, body: str) -> None:
        data = body.encode()
        self._socket.sendall(b"$%s#%02x" % (data, sum(data) & 0xFF))

    def receive(self) -> str:
        """The next packet's body."""
        while True:
            start, end = self._received.find(b"$"), self._received.find(b"#")
            if 0 <= start < end and len(self._received) >= end + 3:
                body, self._received = self._received[start + 1:end], self._received[end + 3:]
                if self._acks:
                    self._socket.sendall(b"+")
                if body[:1] == b"O" and body != b"OK":
                    self.console += bytes.fromhex(body[1:].decode()).decode(errors="replace")
                    continue
                return body.decode(errors="replace")
            chunk = self._socket.recv(65536)
            if not chunk:
                raise ConnectionError("the server has closed the connection")
            self._received += chunk

    def ask(self, body: str) -> str:
        self.send(body)
        return self.receive()

    def interrupt(self) -> None:
        self._socket.sendall(b"\x03")

    def close(self) -> None:
        self._socket.close()
