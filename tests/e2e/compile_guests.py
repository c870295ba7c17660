#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""compile_guests.py WDBG FIXTURES LEVEL...: fills the cache of `wdbg run --engine=aot`, so that no
test has to wait for a compilation. Guests that cannot be compiled are those whose tests say so."""
import concurrent.futures
import os
import pathlib
import subprocess
import sys

from harness import paths
from test_engines_agree import COMPARED


def compile_guest(wdbg: str, guest: pathlib.Path, *options: str) -> str:
    done = subprocess.run([wdbg, "run", *options, "--compile-only", str(guest)],
                          capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else f"{guest.name} {' '.join(options)}: {done.stderr.strip()}"


def main() -> int:
    wdbg, folder, *levels = sys.argv[1:]
    guests = sorted(pathlib.Path(folder).glob("*.wasm"), key=lambda path: -path.stat().st_size)
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        jobs = [pool.submit(compile_guest, wdbg, guest, *paths.compile_options(level, own_cpu))
                for guest in guests for level in levels for own_cpu in (False, True)
                if not own_cpu or (level == "3" and guest.stem in COMPARED)]
        for job in jobs:
            if job.result():
                print(job.result())
    return 0


if __name__ == "__main__":
    sys.exit(main())
