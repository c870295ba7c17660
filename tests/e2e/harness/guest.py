# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""`wdbg run` as a child process, with its input, outputs and exit status."""
import pathlib
import subprocess
import tempfile
import threading

from harness import paths
from harness.deadline import DEFAULT_SECONDS, DeadlineError, wait_for


class _Output:
    """Collects what a pipe delivers; others wait for text in it."""

    def __init__(self, pipe) -> None:
        self._pipe = pipe
        self._changed = threading.Condition()
        self._bytes = b""
        self._closed = False
        self._thread = threading.Thread(target=self._collect, daemon=True)
        self._thread.start()

    def _collect(self) -> None:
        while chunk := self._pipe.read1(65536):
            with self._changed:
                self._bytes += chunk
                self._changed.notify_all()
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def text(self) -> str:
        with self._changed:
            return self._bytes.decode(errors="replace")

    def wait_for(self, text: str, seconds: float) -> None:
        wanted = text.encode()
        with self._changed:
            self._changed.wait_for(lambda: wanted in self._bytes or self._closed, seconds)
            if wanted not in self._bytes:
                raise DeadlineError(f"no {text!r} in {self._bytes!r}")

    def at_end(self, seconds: float) -> str:
        with self._changed:
            if not self._changed.wait_for(lambda: self._closed, seconds):
                raise DeadlineError(f"output stays open: {self._bytes!r}")
            return self._bytes.decode(errors="replace")


class Child:
    """A process with its input and outputs."""

    def __init__(self, command: list[str], cwd: pathlib.Path | None = None, *,
                 stdin: int = subprocess.PIPE, first=None) -> None:
        """`first` is called in the child before it becomes the program."""
        self._process = subprocess.Popen(command, stdin=stdin, stdout=subprocess.PIPE,
                                         stderr=subprocess.PIPE, cwd=cwd, preexec_fn=first)
        self.stdout = _Output(self._process.stdout)
        self.stderr = _Output(self._process.stderr)

    @property
    def pid(self) -> int:
        return self._process.pid

    def running(self) -> bool:
        return self._process.poll() is None

    def write(self, text: str) -> None:
        self._process.stdin.write(text.encode())
        self._process.stdin.flush()


    def terminate(self) -> None:
        """Asks it to end."""
        self._process.terminate()

    def end(self, seconds: float = DEFAULT_SECONDS) -> None:
        """Asks it to end if it still runs, and kills what does not."""
        if self.running():
            self.terminate()
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def kill(self) -> None:
        if self.running():
            self._process.kill()
        self._process.wait()


class Guest(Child):
    """One `wdbg run`. With `listen` it serves LLDB; address() waits until it does."""

    def __init__(self, module: pathlib.Path | str, args=(), options=(), *, listen: bool = True,
                 cwd: pathlib.Path | None = None) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="wdbg-e2e-")
        self._listen_file = pathlib.Path(self._folder.name) / "listen"
        command = [str(paths.wdbg()), "run"]
        if listen:
            command += ["-g=127.0.0.1:0", f"--listen-file={self._listen_file}"]
        command += [*paths.engine_options(), *options, str(module), *map(str, args)]
        self.command = command
        self.module = pathlib.Path(module)
        super().__init__(command, cwd)

    def address(self) -> str:
        """HOST:PORT, once the listener is bound."""

        def read() -> str:
            if not self.running():
                raise AssertionError(f"{self.command} ended: {self._process.returncode}\n"
                                     f"{self.stderr.text()}")
            text = self._listen_file.read_text() if self._listen_file.exists() else ""
            return text.strip() if text.endswith("\n") else ""

        return wait_for("the listen file", read)

    def close_input(self) -> None:
        self._process.stdin.close()

    def wait(self, seconds: float = DEFAULT_SECONDS) -> int:
        """The exit status as a shell shows it; all that the guest wrote is there then."""
        try:
            status = self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise DeadlineError(f"{self.command} still runs after {seconds} s") from None
        self.stdout.at_end(seconds)
        self.stderr.at_end(seconds)
        return status if status >= 0 else 128 - status

    def wait_for_output(self, text: str, seconds: float = DEFAULT_SECONDS) -> None:
        self.stdout.wait_for(text, seconds)

    def finish(self, seconds: float = DEFAULT_SECONDS) -> tuple[int, str, str]:
        """Waits for the end: status, stdout, stderr."""
        status = self.wait(seconds)
        return status, self.stdout.text(), self.stderr.text()

    def dispose(self) -> None:
        """Ends the process if it still runs. Only for the end of a test."""
        self.kill()
        self._folder.cleanup()
