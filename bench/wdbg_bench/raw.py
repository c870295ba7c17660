# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Our part of debugging, seen by a client that does nothing else; and what the process takes."""

import subprocess
import time

from .programs import Server, cpu_seconds, has_mapped, is_asleep, paused_alone, private_bytes, wait_for
from .rsp_client import RspClient


def instruction_steps_per_second(programs, steps):
    with Server(programs, programs.sqlite) as server:
        client = RspClient(server.address)
        client.request(b"?")
        begin = time.perf_counter()
        for _ in range(steps):
            reply = client.request(b"vCont;s:1")
            assert reply.startswith(b"T05"), reply
        elapsed = time.perf_counter() - begin
        client.request(b"k")
        return steps / elapsed


def idle_cpu_percent(programs, seconds):
    """CPU of a stopped guest's server, and of one whose guest sleeps in a read, both with a client."""
    shares = []
    for packet in (None, b"c"):
        with Server(programs, programs.sqlite, ["1", "pause"], stdin=subprocess.PIPE) as server:
            client = RspClient(server.address)
            client.request(b"?")
            if packet:
                client.send(packet)
            time.sleep(1)
            before = cpu_seconds(server.process.pid)
            time.sleep(seconds)
            shares.append(100 * (cpu_seconds(server.process.pid) - before) / seconds)
    return shares


def private_memory(programs):
    """(bytes of stock WAMR, bytes of wdbg with a client, whether libLLVM is loaded), both waiting
    in the same host call of the same guest."""
    arguments = [str(programs.sqlite), "50", "pause"]
    with paused_alone(programs.stock_plain, *arguments) as stock:
        wait_for(lambda: is_asleep(stock.pid, 1), "stock WAMR does not wait")
        stock_bytes = private_bytes(stock.pid)
    with Server(programs, programs.sqlite, arguments[1:], stdin=subprocess.PIPE) as server:
        client = RspClient(server.address)
        client.request(b"qXfer:libraries:read::0,fff")
        client.request(b"?")
        client.send(b"c")
        time.sleep(1)
        wait_for(lambda: is_asleep(server.process.pid, 2), "the guest does not wait")
        pid = server.process.pid
        return stock_bytes, private_bytes(pid), has_mapped(pid, "libLLVM")
