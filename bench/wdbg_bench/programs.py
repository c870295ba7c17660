# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Starts the programs under measurement and reads what the system says about them."""

import contextlib
import os
import pathlib
import re
import subprocess
import tempfile
import time


class Programs:
    """Paths in a build folder made with WDBG_BENCH=ON."""

    def __init__(self, build):
        build = pathlib.Path(build).resolve()
        self.wdbg = build / "bin" / "wdbg"
        self.stock_plain = build / "bin" / "bench_stock_plain"
        self.stock_debug = build / "bin" / "bench_stock_debug"
        self.even_plain = build / "bin" / "bench_even_plain"
        self.even_debug = build / "bin" / "bench_even_debug"
        self.loops = build / "bench" / "loops.wasm"
        self.sqlite = build / "bench" / "sqlite.wasm"
        self.sqlite_o2 = build / "bench" / "sqlite_o2.wasm"
        self.ticks = build / "bench" / "ticks.wasm"


def wait_for(condition, what, limit=20.0):
    end = time.monotonic() + limit
    while time.monotonic() < end:
        result = condition()
        if result:
            return result
        time.sleep(0.002)
    raise TimeoutError(what)


class Server:
    """`wdbg run` with a listener."""

    def __init__(self, programs, guest, arguments=(), options=(), stdin=subprocess.DEVNULL):
        self._folder = tempfile.TemporaryDirectory(prefix="wdbg-bench-")
        listen_file = pathlib.Path(self._folder.name) / "address"
        self.packet_log = pathlib.Path(self._folder.name) / "packets"
        command = [programs.wdbg, "run", "-g=127.0.0.1:0", f"--listen-file={listen_file}"]
        if "--log-packets" in options:
            options = [o for o in options if o != "--log-packets"]
            command.append(f"--log-packets={self.packet_log}")
        self.process = subprocess.Popen([*command, *options, guest, *arguments], stdin=stdin,
                                        stdout=subprocess.DEVNULL)
        wait_for(listen_file.exists, "wdbg does not listen")
        self.address = listen_file.read_text().strip()

    def wait(self):
        """CPU seconds of the whole run; the guest must have succeeded."""
        return cpu_seconds_at_exit(self.process)

    def close(self):
        if self.process.returncode is None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self._folder.cleanup()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def cpu_seconds_at_exit(process):
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise RuntimeError(f"{process.args} ended with {process.returncode}")
    return usage.ru_utime + usage.ru_stime


def run_alone(*command):
    """CPU seconds of a program that runs to its end."""
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    return cpu_seconds_at_exit(process)


def cpu_seconds(pid):
    """Of all threads, to the nanosecond: /proc/PID/stat counts in 10 ms, too coarse for what is measured here."""
    scheduled = 2  # the kernel's CPUCLOCK_SCHED, see clock_getcpuclockid(3)
    return time.clock_gettime(~pid << 3 | scheduled)


def private_bytes(pid):
    total = 0
    for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith(("Private_Clean:", "Private_Dirty:")):
            total += int(line.split()[1]) * 1024
    return total


def _mappings(pid):
    """(file or "", {field: bytes}) of each; a library's data that is zero at first (.bss, nameless behind it) is its own."""
    mappings, end, owner = [], "", ""
    for line in pathlib.Path(f"/proc/{pid}/smaps").read_text().splitlines():
        if place := re.match(r"([0-9a-f]+)-([0-9a-f]+) \S+ \S+ \S+ \S+ *(.*)", line):
            name = place[3] or (owner if place[1] == end else "")
            owner = place[3] if ".so" in place[3] else ""
            end = place[2]
            mappings.append((name, {}))
        elif field := re.match(r"(\w+): +(\d+) kB", line):
            mappings[-1][1][field[1]] = int(field[2]) * 1024
    return mappings


def anonymous_bytes(pid, but=()):
    """Pages that are no file's: heaps, stacks, and what a library has changed of its own, but for those named."""
    return sum(fields["Anonymous"] for name, fields in _mappings(pid)
               if not any(each in name for each in but))


def library_bytes(pid, *names):
    """Private pages of mapped libraries."""
    return sum(fields["Private_Clean"] + fields["Private_Dirty"] for name, fields in _mappings(pid)
               if any(each in name for each in names))


def llvm_libraries(programs):
    """libLLVM and the libraries that only it needs, by their files' names."""
    def needed(file):
        listed = subprocess.run(["ldd", file], capture_output=True, text=True, check=True).stdout
        return dict(re.findall(r"(\S+) => (\S+)", listed))

    plugin = programs.wdbg.parent.parent / "lib" / "libwdbg-dwarf.so"
    llvm = next(path for name, path in needed(plugin).items() if name.startswith("libLLVM"))
    direct = subprocess.run(["readelf", "-d", plugin], capture_output=True, text=True, check=True).stdout
    others = set(needed(llvm)) - set(needed(programs.wdbg)) - set(re.findall(r"NEEDED.*\[(.*)\]", direct))
    return ["libLLVM", *(f"/{pathlib.Path(needed(llvm)[name]).resolve().name}" for name in sorted(others))]


def is_asleep(pid, thread_count):
    states = [(task / "stat").read_text().rsplit(")", 1)[1].split()[0]
              for task in pathlib.Path(f"/proc/{pid}/task").iterdir()]
    return len(states) == thread_count and set(states) == {"S"}


def has_mapped(pid, name):
    return name in pathlib.Path(f"/proc/{pid}/maps").read_text()


@contextlib.contextmanager
def paused_alone(*command):
    """A program that waits on its stdin at its end; yields it once it sleeps there."""
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        process.stdout.readline()
        yield process
    finally:
        process.communicate(b"\n")
