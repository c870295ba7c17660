# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Where the program under test, the guests and their sources are."""
import os
import platform
import pathlib

SOURCES = pathlib.Path(__file__).resolve().parents[2] / "fixtures"


def _from_environment(name: str) -> pathlib.Path:
    value = os.environ.get(name)
    if not value:
        raise RuntimeError(f"set {name} (ctest does; by hand see tests/e2e/README.md)")
    return pathlib.Path(value)


def engine() -> str:
    """The variant under test: "interp", or "aot-g", "aot-3", … by optimisation level."""
    return os.environ.get("WDBG_E2E_ENGINE", "interp")


def compile_options(level: str, on_this_machine: bool = False) -> list[str]:
    """What `wdbg run` needs for compiled code. Where LLVM puts the instructions at -O3 is up to the processor, and
    what is expected must not be: one that all machines have, unless the test is about this one."""
    options = ["--engine=aot", f"-O{level}"]
    if level == "3" and not on_this_machine and platform.machine() == "x86_64":
        options.append("--cpu=x86-64-v3")
    return options


def engine_options() -> list[str]:
    """What `wdbg run` needs for that variant."""
    kind, _, level = engine().partition("-")
    on_this_machine = bool(os.environ.get("WDBG_E2E_OWN_CPU"))
    return compile_options(level, on_this_machine) if kind == "aot" else []


def wdbg() -> pathlib.Path:
    return _from_environment("WDBG")


def fixture(name: str) -> pathlib.Path:
    """The guest `name`, e.g. "control-O0"."""
    path = _from_environment("WDBG_FIXTURES") / f"{name}.wasm"
    if not path.exists():
        raise RuntimeError(f"no guest {path}: build the target `fixtures`")
    return path
