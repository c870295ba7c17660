# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What is wrong gets an answer that says so, never silence."""
import socket
import threading

CONTROL = "c/control.c"


def test_unknown_and_misplaced_requests(session):
    assert "unknown request" in session.refused("dance")
    assert "initialize must come first" in session.refused("launch", {"program": "x"})
    session.initialize()
    assert "launch or attach must come first" in session.refused("next", {"threadId": 1})
    session.launch("busy-O0")
    session.configured()
    assert "running" in session.refused("stackTrace", {"threadId": 1})


def test_programs_that_are_none(session, tmp_path):
    session.initialize()
    assert "program is missing" in session.refused("launch", {})
    assert "no file" in session.refused("launch", {"program": "/no/such.wasm"})
    bad = tmp_path / "bad.wasm"
    bad.write_bytes(b"this is no module")
    assert "bad.wasm" in session.refused("launch", {"program": str(bad)})
    session.launch("control-O0")  # the session can still be used


def test_malformed_json_and_length(session):
    session.initialize()
    session.connection.write(b"Content-Length: 5\r\n\r\n{oops")
    assert session.capabilities
    session.launch("control-O0")
    session.connection.write(b"Content-Length: many\r\n\r\n")
    session.connection.event("terminated")
    assert "Content-Length is no number" in session.text("important")
    session.connection.wait_closed()
    assert session.process.wait(20) == 0


def test_nobody_listens(session):
    session.initialize()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    message = session.refused("attach", {"connect": f"127.0.0.1:{port}"})
    assert f"127.0.0.1:{port}" in message and "refused" in message
    assert "expected HOST:PORT" in session.refused("attach", {"connect": "nowhere"})


def test_a_server_that_is_none(session):
    """It answers with rubbish, then closes."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        client, _ = server.accept()
        client.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        client.close()

    thread = threading.Thread(target=serve)
    thread.start()
    session.initialize()
    message = session.refused("attach", {"connect": f"127.0.0.1:{server.getsockname()[1]}"})
    assert "does not answer as a debug server" in message
    thread.join()
    server.close()


def test_concurrent_requests_keep_their_order(session):
    session.run_to(CONTROL, "steps", "control-O0")
    sent = [session.connection.send_request("threads") for _ in range(20)]
    for seq in sent:
        assert session.connection.response(seq)["success"]
    answers = [message["request_seq"] for direction, message in session.connection.log
               if direction == "<-" and message["type"] == "response"]
    assert answers == sorted(answers)
