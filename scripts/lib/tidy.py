#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""clang-tidy over our sources, each only when it or what it includes has changed.

tidy.py ROOT BUILD_DIR CACHE_DIR: reads BUILD_DIR/compile_commands.json; a file that passed leaves an
empty file in CACHE_DIR named after the hash of its content, its headers of ours, its flags and the
settings.
"""
import concurrent.futures
import hashlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path

TIDY = "clang-tidy-22"
INCLUDE = re.compile(rb'^\s*#\s*include\s*[<"]([^>"]+)[>"]', re.MULTILINE)


def include_folders(command: str) -> list[str]:
    return re.findall(r"(?:-I|-isystem )\s*(\S+)", command)


def closure(root: Path, source: Path, folders: list[str]) -> list[Path]:
    """The source and all headers under ROOT that it includes, at any depth."""
    seen: set[Path] = set()
    waiting = [source]
    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        for header in INCLUDE.findall(path.read_bytes()):
            name = header.decode()
            for folder in [str(path.parent), *folders]:
                candidate = Path(os.path.normpath(os.path.join(folder, name)))
                if candidate.is_file() and root in candidate.parents:
                    waiting.append(candidate)
                    break
    return sorted(seen)


def digest(root: Path, entry: dict, version: bytes) -> str:
    state = hashlib.sha256(version)
    state.update((root / ".clang-tidy").read_bytes())
    command = entry["command"]
    state.update(command.replace(str(root), "").encode())
    for path in closure(root, Path(entry["file"]), include_folders(command)):
        state.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes())
    return state.hexdigest()


def our_entries(root: Path, build: Path) -> list[dict]:
    entries = json.loads((build / "compile_commands.json").read_text())
    ours = {}
    for entry in entries:
        path = Path(entry["file"])
        if root in path.parents and build not in path.parents and path.suffix == ".cpp":
            ours.setdefault(path, entry)
    return [ours[path] for path in sorted(ours)]


def tidy(build: Path, entry: dict) -> tuple[bool, str]:
    command = [TIDY, "-p", str(build), "--quiet", entry["file"]]
    result = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    return result.returncode == 0, result.stdout


def main() -> int:
    root, build, cache = (Path(argument).resolve() for argument in sys.argv[1:4])
    cache.mkdir(parents=True, exist_ok=True)
    version = subprocess.run([TIDY, "--version"], capture_output=True, check=True).stdout
    entries = our_entries(root, build)
    pending = [(entry, cache / digest(root, entry, version)) for entry in entries]
    pending = [(entry, mark) for entry, mark in pending if not mark.exists()]
    print(f"{len(entries)} files, {len(entries) - len(pending)} passed before")
    failures = 0
    with concurrent.futures.ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        futures = {pool.submit(tidy, build, entry): (entry, mark) for entry, mark in pending}
        for future in concurrent.futures.as_completed(futures):
            entry, mark = futures[future]
            good, text = future.result()
            if good:
                mark.touch()
                continue
            failures += 1
            print(f"--- {Path(entry['file']).relative_to(root)}\n{text}", flush=True)
    print(f"{failures} of {len(pending)} files with findings" if pending else "nothing to do")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
