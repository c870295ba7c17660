# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A module with hundreds of megabytes of DWARF, and the debug adapter on it: time to the first stop, the
adapter's memory, progress events.

Each unit has structures, enums, globals and functions of its own names; the objects are compiled from one
source under different prefixes, so that it takes minutes and not hours. The module is kept.
"""
import concurrent.futures
import os
import subprocess
from typing import NamedTuple

from . import dap_session

CLANG = ["clang-22", "--target=wasm32-wasi", "-Wno-deprecated"]
STRUCTS = 12000
FUNCTIONS = 200
FIELDS = 8
MIB = 1 << 20


def unit_source():
    """One unit; U is the prefix of its names."""
    lines = ["#define PASTE(a, b) a##b", "#define NAME(a, b) PASTE(a, b)", ""]
    for i in range(STRUCTS):
        fields = " ".join(f"int NAME(U, _field_{i}_{f});" for f in range(FIELDS))
        lines.append(f"struct NAME(U, _record_{i}) {{ {fields} struct NAME(U, _record_{i})* next; }};")
    for i in range(FUNCTIONS):
        lines.append(f"static int NAME(U, _function_{i})(struct NAME(U, _record_{i})* item, int value) {{")
        lines.append(f"    int sum = value + item->NAME(U, _field_{i}_0);")
        lines.append("    for (int k = 0; k < value; k++) { sum += k; }")
        lines.append("    return sum;\n}")
    lines.append("int NAME(U, _unit)(int value) {")
    for i in range(FUNCTIONS):
        lines.append(f"    struct NAME(U, _record_{i}) r{i}; r{i}.NAME(U, _field_{i}_0) = value; "
                     f"value += NAME(U, _function_{i})(&r{i}, 1);")
    lines.append("    return value;\n}")
    return "\n".join(lines) + "\n"


def make_module(folder, megabytes):
    """Compiles as many units as it takes. Gives the module."""
    module = folder / f"large-{megabytes}.wasm"
    if module.exists():
        return module
    folder.mkdir(parents=True, exist_ok=True)
    source = folder / "unit.c"
    source.write_text(unit_source())

    def compile_unit(number):
        target = folder / f"unit{number}.o"
        subprocess.run([*CLANG, "-g", "-O0", "-fno-eliminate-unused-debug-types", f"-DU=u{number}", "-c", source, "-o", target], check=True)
        return target

    size = compile_unit(0).stat().st_size
    count = max(1, megabytes * MIB // size)
    print(f"a unit has {size / MIB:.2f} MiB: {count} of them", flush=True)
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        objects = list(pool.map(compile_unit, range(count)))
    main = folder / "main.c"
    calls = "".join(f"    value = u{i}_unit(value);\n" for i in range(count))
    declarations = "".join(f"int u{i}_unit(int);\n" for i in range(count))
    main.write_text(f"{declarations}int main(void) {{\n    int value = 1;\n{calls}    return value == 0;\n}}\n")
    subprocess.run([*CLANG, "-g", "-O0", main, *objects, "-Wl,-z,stack-size=16777216", "-o", module], check=True)
    for each in objects:
        each.unlink()
    return module


class FirstStop(NamedTuple):
    function: str
    size: int  # bytes of the module
    seconds: float
    peak: int  # bytes of the adapter, the mapped file included
    progress: int  # events


def measure(programs, folder, megabytes):
    """First stops in functions of the first and the last unit."""
    module = make_module(folder, megabytes)
    size = module.stat().st_size
    return [FirstStop(function, size, *dap_session.first_stop(programs, module, function))
            for function in ("main", "u1_unit")]
