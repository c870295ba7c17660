# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Our part of debugging, seen by a client that does nothing else; and what the process takes."""

import bisect
import subprocess
import time

from .programs import Server, cpu_seconds, has_mapped, is_asleep, paused_alone, private_bytes, wait_for
from .rsp_client import RspClient, stop_pc
from .wasm_code import code_lines, function_range


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


def source_steps(programs, guest, aot, function, steps):
    """Milliseconds from `vCont;r` over a line's code to the stop reply, over calls, from a function on."""
    runs = code_lines(guest)
    times = []
    with Server(programs, aot) as server:
        client = RspClient(server.address)
        instance = stop_pc(client.request(b"?")) >> 32 << 32
        entry = instance | function_range(guest, function)[0]
        assert client.request(b"Z0,%x,0" % entry) == b"OK"
        pc = stop_pc(client.request(b"c"))
        assert client.request(b"z0,%x,0" % entry) == b"OK"
        for _ in range(steps):
            low, high, _ = runs[bisect.bisect_right(runs, (pc - instance, float("inf"))) - 1]
            begin = time.perf_counter()
            reply = client.request(b"vCont;r%x,%x:1" % (instance | low, instance | high))
            if not reply.startswith(b"T"):
                break  # the guest's end
            times.append(1000 * (time.perf_counter() - begin))
            pc = stop_pc(reply)
        client.close()
    return times


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
