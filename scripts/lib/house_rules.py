#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""House rules that no compiler checks. house_rules.py ROOT prints one line per breach.

Include fences: a header belongs to the rooms that docs/architecture.md gives it.
Notices: every source starts with the licence line. Sizes: no source above 500 lines.
"""
import re
import subprocess
import sys
from pathlib import Path

ROOMS = ("debug-server/", "gdbstub/", "dwarf/", "runtime-hooks/", "tests/unit/", "tests/fuzz/",
         "tests/e2e/", "tests/embedded/", "tests/firmware/", "bench/", "scripts/", "cmake/", ".ci/", "vscode-extension/")
CODE = (".h", ".hpp", ".c", ".cpp")
MAX_LINES = 500
NOTICE = "SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception"
# Formats that have no comments, or belong to no one.
NO_NOTICE = re.compile(
    r"\.(json|lock|md|golden|txt|wasm|wat|bin|png|svg|ini)$|^LICENSE$|^THIRD_PARTY_NOTICES$"
    r"|^\.gitignore$|/corpus/|py\.typed$")
# CMakeLists.txt can and does carry one.
NOTICE_ANYWAY = re.compile(r"CMakeLists\.txt$")

# (what is fenced, pattern of the include, where it may be)
FENCES = (
    ("LLVM", r"llvm(-c)?/", r"^dwarf/|^runtime-hooks/wamr-compiler/|^tests/unit/(dwarf|wamr-compiler)/"),
    ("JSON", r"nlohmann/",
     r"^debug-server/(dap|cli|source-level)/|^gdbstub/src/(server|client)/|^tests/|^bench/"),
    ("Boost.Asio", r"boost/asio",
     r"^debug-server/|^gdbstub/(src/transport/|include/wdbg/rsp/transport)|^tests/|^bench/"),
    ("WAMR", r"(wasm_export|wasm_runtime\w*|wasm_interp\w*|wasm_exec_env|wasm_memory|wasm_loader\w*"
     r"|wasm_c_api\w*|aot_\w+|thread_manager|debug_engine|bh_\w+|platform_\w+|wasm)\.h",
     r"^runtime-hooks/wamr/|^runtime-hooks/wamr-compiler/|^tests/unit/wamr/|^bench/|^tests/firmware/"
     r"|^runtime-hooks/embedded/src/(interp_classic|stub_wamr|module_table_wamr)\.c"),
)
# Rooms of floor F0 see the standard library and each other's public headers only.
STANDARD_ONLY = re.compile(r"^runtime-hooks/(agent|model|wasm)/")
STANDARD_INCLUDE = re.compile(r"^[a-z_0-9]+$|^c?[a-z_0-9]+$|^wdbg/(agent|model|wasm)/|^[a-z_0-9]+\.h$")

# A room and those of our rooms whose headers it may include (docs/architecture.md, "Floors").
UPWARD = (
    (r"^runtime-hooks/model/", r"^wdbg/model/"),
    (r"^runtime-hooks/agent/", r"^wdbg/(agent|model)/"),
    (r"^runtime-hooks/wasm/", r"^wdbg/(wasm|model)/"),
    (r"^runtime-hooks/embedded/", r"^(?!)"),
    (r"^gdbstub/", r"^wdbg/(rsp|agent|model|version)"),
    (r"^dwarf/", r"^wdbg/(dwarf|wasm|model)/"),
    (r"^runtime-hooks/wamr/", r"^wdbg/(wamr|wasm|agent|model)/"),
    (r"^runtime-hooks/native/", r"^wdbg/(native|model)/"),
    (r"^runtime-hooks/wamr-compiler/", r"^wdbg/(compiler|wamr-compiler|dwarf|wasm|model|version)"),
)
INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]')
# Written so that this file does not break its own rule.
REGISTRIES = re.compile(r"crates[.]io|pypi[.]org|npmjs[.](org|com)|proxy[.]golang[.]org|deb[.]debian[.]org")


def tracked_files(root: Path) -> list[str]:
    command = ["git", "-c", f"safe.directory={root}", "-C", str(root), "ls-files", "-z", "--cached",
               "--others", "--exclude-standard"]
    names = subprocess.run(command, check=True, capture_output=True).stdout.decode().split("\0")
    return [name for name in names if name and (root / name).is_file()]


def check_includes(name: str, lines: list[str]) -> list[str]:
    breaches = []
    for number, line in enumerate(lines, 1):
        match = INCLUDE.match(line)
        if not match:
            continue
        header = match.group(1)
        for what, pattern, allowed in FENCES:
            if re.match(pattern, header) and not re.search(allowed, name):
                breaches.append(f"{name}:{number}: {what} header <{header}> outside its rooms")
        if STANDARD_ONLY.match(name) and not STANDARD_INCLUDE.match(header):
            breaches.append(f"{name}:{number}: <{header}>: this room uses the standard library only")
        for room, allowed in UPWARD:
            if re.match(room, name) and header.startswith("wdbg/") and not re.match(allowed, header):
                breaches.append(f"{name}:{number}: <{header}> is not below this room")
    return breaches


def needs_notice(name: str) -> bool:
    return bool(NOTICE_ANYWAY.search(name)) or not NO_NOTICE.search(name)


def check_file(root: Path, name: str) -> list[str]:
    try:
        lines = (root / name).read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError:
        return []
    breaches = []
    if needs_notice(name) and not any(NOTICE in line for line in lines[:3]):
        breaches.append(f"{name}:1: no '{NOTICE}' in its first lines")
    if name.startswith(ROOMS) and len(lines) > MAX_LINES and not name.endswith((".lock", ".golden")):
        breaches.append(f"{name}: {len(lines)} lines, more than {MAX_LINES}: split it")
    if name.endswith(CODE) and not name.startswith("tests/fixtures/"):
        breaches += check_includes(name, lines)
    if not name.endswith(".lock"):
        breaches += [f"{name}:{number}: names a package registry's host"
                     for number, line in enumerate(lines, 1) if REGISTRIES.search(line)]
    return breaches


def main() -> int:
    root = Path(sys.argv[1])
    breaches = [breach for name in tracked_files(root) for breach in check_file(root, name)]
    print("\n".join(breaches), end="\n" if breaches else "")
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main())
