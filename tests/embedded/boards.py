# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The machines that a firmware runs on: this one, and qemu's. Each looks like harness.guest.Guest."""
import ctypes
import json
import os
import pathlib
import re
import signal
import subprocess
import tempfile

from harness.deadline import DEFAULT_SECONDS, DeadlineError, wait_for
from harness.guest import Child

FOLDER = pathlib.Path(os.environ["WDBG_FIRMWARE"])
GUEST = FOLDER / "app.wasm"
SOURCE = "../firmware/guest/app.c"  # from tests/fixtures, where harness.markers begins


_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)


def _die_with_the_test() -> None:
    """In the child: a test that is killed, by its time limit for one, leaves no machine behind."""
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


class Board(Child):
    """A process that runs a firmware."""

    def __init__(self, command: list[str]) -> None:
        self.module = GUEST
        self.command = command
        super().__init__(command, first=_die_with_the_test)

    def console(self) -> str:
        """What the program has printed."""
        raise NotImplementedError

    def address(self) -> str:
        """HOST:PORT of the line to the debugger."""
        raise NotImplementedError

    def wait_for_console(self, text: str) -> None:
        wait_for(f"{text!r} on the console", lambda: text in self.console())

    def wait(self, seconds: float = DEFAULT_SECONDS) -> int:
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise DeadlineError(f"{self.command} still runs after {seconds} s") from None

    def dispose(self) -> None:
        self.kill()


class HostBoard(Board):
    def __init__(self, name: str) -> None:
        super().__init__([str(FOLDER / name / "firmware")])
        self.module = FOLDER / ("app-O2.wasm" if name == "host-O2" else "app.wasm")

    def console(self) -> str:
        return self.stdout.text()

    def address(self) -> str:
        self.stdout.wait_for("\n", DEFAULT_SECONDS)
        return re.search(r"listening on (\S+)", self.stdout.text())[1]


class QemuBoard(Board):
    """The stub's UART is a TCP port that qemu chooses; asked for by its monitor protocol (QMP)."""

    def __init__(self, machine: list[str], firmware: pathlib.Path, *options: str) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="wdbg-board-")
        self._console = pathlib.Path(self._folder.name) / "console.txt"
        self._answers = 0
        # nodelay: the UART's bytes go out one by one, and would wait for each other's receipts.
        super().__init__([
            *machine, "-display", "none", "-monitor", "none", "-qmp", "stdio",
            "-semihosting-config", "enable=on,target=native,chardev=console",
            "-chardev", f"file,id=console,path={self._console}",
            "-chardev", "socket,id=line,host=127.0.0.1,port=0,server=on,wait=off,nodelay=on",
            "-serial", "chardev:line", "-kernel", str(firmware), *options])
        self.monitor("qmp_capabilities")

    def monitor(self, command: str):
        self._process.stdin.write(json.dumps({"execute": command}).encode() + b"\n")
        self._process.stdin.flush()
        wanted = self._answers = self._answers + 1

        def answers():
            lines = [json.loads(line) for line in self.stdout.text().splitlines(keepends=True)
                     if line.endswith("\n")]
            return [line["return"] for line in lines if "return" in line]

        return wait_for(f"qemu's answer to {command}",
                        lambda: (found := answers()) and len(found) >= wanted and found)[-1]

    def console(self) -> str:
        return self._console.read_text() if self._console.exists() else ""

    def _port(self, label: str) -> str:
        for device in self.monitor("query-chardev"):
            if device["label"] == label:
                return re.search(r"tcp:(127\.0\.0\.1:\d+)", device["filename"])[1]
        raise AssertionError(f"qemu has no {label}")

    def address(self) -> str:
        return self._port("line")

    def native_address(self) -> str:
        """HOST:PORT of qemu's own debug server, where the board was made by compiled()."""
        return self._port("native")

    def reset(self) -> None:
        self.monitor("system_reset")

    def dispose(self) -> None:
        super().dispose()
        self._folder.cleanup()


def _machine(name: str) -> list[str]:
    """By the firmware's name: mps2 (Cortex-M3), an500 (Cortex-M7), virt32 (RISC-V)."""
    if name.startswith(("mps2", "an500")):
        return [os.environ["WDBG_QEMU_ARM"], "-M", f"mps2-{'an500' if name.startswith('an500') else 'an385'}"]
    return [os.environ["WDBG_QEMU_RISCV32"], "-M", "virt", "-bios", "none"]


def interpreted(name: str) -> Board:
    """A firmware with the stub; its guest waits at its entry."""
    if name.startswith("host"):
        return HostBoard(name)
    folder = "mps2" if name == "an500" else name
    return QemuBoard(_machine(name), FOLDER / folder / "firmware")


def compiled(name: str) -> QemuBoard:
    """A firmware with compiled code, which waits for a native debugger before its first instruction."""
    return QemuBoard(
        _machine(name), FOLDER / name / "firmware", "-S",
        "-chardev", "socket,id=native,host=127.0.0.1,port=0,server=on,wait=off,nodelay=on",
        "-gdb", "chardev:native")
