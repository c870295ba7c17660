# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A raw client of the GDB remote protocol: no debugger in between, so what it measures is ours."""

import socket


class RspClient:
    """Connects, leaves ack mode; packets are bytes without framing."""

    def __init__(self, address):
        host, port = address.rsplit(":", 1)
        self._socket = socket.create_connection((host.strip("[]"), int(port)))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._buffer = b""
        self._acks = True
        self.request(b"QStartNoAckMode")
        self._acks = False

    def send(self, packet):
        self._socket.sendall(b"$%s#%02x" % (packet, sum(packet) % 256))

    def receive(self):
        """The next packet; None if the server has closed the connection."""
        while True:
            start, end = self._buffer.find(b"$"), self._buffer.find(b"#")
            if start >= 0 and 0 <= end <= len(self._buffer) - 3:
                packet = self._buffer[start + 1 : end]
                self._buffer = self._buffer[end + 3 :]
                if self._acks:
                    self._socket.sendall(b"+")
                return packet
            more = self._socket.recv(1 << 16)
            if not more:
                return None
            self._buffer += more

    def request(self, packet):
        self.send(packet)
        return self.receive()

    def close(self):
        self._socket.close()


def stop_pc(stop_reply):
    """The pc of a T packet's expedited register 0."""
    for field in stop_reply.split(b";"):
        if field.startswith(b"00:"):
            return int.from_bytes(bytes.fromhex(field[3:].decode()), "little")
    raise ValueError(f"no pc in {stop_reply!r}")
