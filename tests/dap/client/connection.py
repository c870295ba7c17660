# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Messages to and from an adapter, over its stdin and stdout or a socket."""
import json
import queue
import socket
import threading
import time
from typing import Any

DEFAULT_SECONDS = 15.0


class RequestFailed(AssertionError):
    """The adapter answered with success: false."""

    def __init__(self, command: str, message: str, body: dict) -> None:
        super().__init__(f"{command}: {message}")
        self.message = message
        self.body = body


class Connection:
    """Requests are numbered; responses are waited for by number, events by name. Everything that
    comes is kept in `log`, as (direction, message)."""

    def __init__(self, reader, writer) -> None:
        self._reader = reader
        self._writer = writer
        self._seq = 0
        self._arrived: queue.Queue = queue.Queue()
        self._events: list[dict] = []
        self._responses: dict[int, dict] = {}
        self.reverse_requests: list[dict] = []
        self.closed = False
        self.log: list[tuple[str, dict]] = []
        threading.Thread(target=self._read, daemon=True).start()

    @classmethod
    def to_socket(cls, address: str) -> "Connection":
        host, port = address.rsplit(":", 1)
        link = socket.create_connection((host, int(port)), DEFAULT_SECONDS)
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        link.settimeout(None)
        connection = cls(link.makefile("rb"), link.makefile("wb"))
        connection._link = link
        return connection

    def close(self) -> None:
        link = getattr(self, "_link", None)
        if link is not None:
            link.shutdown(socket.SHUT_RDWR)
            link.close()
        else:
            self._writer.close()

    def _read(self) -> None:
        try:
            while True:
                length = None
                while (line := self._reader.readline()) not in (b"\r\n", b""):
                    name, value = line.split(b":", 1)
                    if name.lower() == b"content-length":
                        length = int(value)
                if length is None:
                    break
                self._arrived.put(json.loads(self._reader.read(length)))
        except (OSError, ValueError):
            pass
        self._arrived.put(None)

    def write(self, data: bytes) -> None:
        self._writer.write(data)
        self._writer.flush()

    def send(self, message: dict) -> int:
        self._seq += 1
        message = {"seq": self._seq, **message}
        self.log.append(("->", message))
        text = json.dumps(message).encode()
        self.write(b"Content-Length: %d\r\n\r\n%s" % (len(text), text))
        return self._seq

    def send_request(self, command: str, arguments: dict[str, Any] | None = None) -> int:
        return self.send({"type": "request", "command": command, "arguments": arguments or {}})

    def _take_one(self, end: float, what: str) -> None:
        if self.closed:
            raise AssertionError(f"the adapter has gone; waiting for {what}")
        try:
            message = self._arrived.get(timeout=max(0.0, end - time.monotonic()))
        except queue.Empty:
            raise AssertionError(f"no {what} in time") from None
        if message is None:
            self.closed = True
            return
        self.log.append(("<-", message))
        if message["type"] == "event":
            self._events.append(message)
        elif message["type"] == "response":
            assert message["request_seq"] not in self._responses, f"answered twice: {message}"
            self._responses[message["request_seq"]] = message
        else:
            self.reverse_requests.append(message)

    def response(self, seq: int, seconds: float = DEFAULT_SECONDS) -> dict:
        end = time.monotonic() + seconds
        while seq not in self._responses:
            self._take_one(end, f"response to request {seq}")
        return self._responses[seq]

    def request(self, command: str, arguments: dict[str, Any] | None = None,
                seconds: float = DEFAULT_SECONDS) -> dict:
        """The body of the response; RequestFailed if it is none of success."""
        answer = self.response(self.send_request(command, arguments), seconds)
        if not answer["success"]:
            raise RequestFailed(command, answer.get("message", ""), answer.get("body", {}))
        return answer.get("body", {})

    def event(self, *names: str, seconds: float = DEFAULT_SECONDS) -> dict:
        """Takes the first event of one of these names, whole."""
        end = time.monotonic() + seconds
        while True:
            for index, message in enumerate(self._events):
                if message["event"] in names:
                    return self._events.pop(index)
            self._take_one(end, f"event {' or '.join(names)}")

    def taken(self, name: str) -> list[dict]:
        """Bodies of the events of that name that have come so far, without waiting."""
        found = [message.get("body", {}) for message in self._events if message["event"] == name]
        self._events = [message for message in self._events if message["event"] != name]
        return found

    def reverse_request(self, command: str, seconds: float = DEFAULT_SECONDS) -> dict:
        """Takes the first request of that name by the adapter, whole; respond() answers it."""
        end = time.monotonic() + seconds
        while True:
            for index, message in enumerate(self.reverse_requests):
                if message["command"] == command:
                    return self.reverse_requests.pop(index)
            self._take_one(end, f"request {command} of the adapter")

    def respond(self, request: dict, body: dict[str, Any] | None = None, problem: str = "") -> None:
        self.send({"type": "response", "request_seq": request["seq"], "command": request["command"],
                   "success": not problem, "message": problem, "body": body or {}})

    def wait_closed(self, seconds: float = DEFAULT_SECONDS) -> None:
        end = time.monotonic() + seconds
        while not self.closed:
            self._take_one(end, "end of the connection")

    def transcript(self) -> str:
        return "\n".join(f"{direction} {json.dumps(message)[:400]}" for direction, message in self.log)
