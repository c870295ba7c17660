# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Guests compiled for one test."""
import pathlib
import re
import shutil
import subprocess

from harness import paths


def compile_guest(name: str, folder: pathlib.Path, *options: str) -> pathlib.Path:
    """A copy of the guest and its .aot (-Og, unless options say otherwise) in `folder`; gives the
    .aot."""
    wasm = folder / f"{name}.wasm"
    shutil.copy(paths.fixture(name), wasm)
    aot = wasm.with_suffix(".aot")
    subprocess.run([paths.wdbg(), "compile", "-Og", *options, wasm, "-o", aot], check=True,
                   capture_output=True)
    return aot


def defined_functions(wasm: pathlib.Path) -> list[str]:
    """Names of the functions that the module defines, in their order."""
    listing = subprocess.run(["wasm-objdump", "-x", "-j", "Function", wasm], check=True,
                             capture_output=True, text=True).stdout
    return re.findall(r"func\[\d+\] sig=\d+ <(.*)>", listing)
