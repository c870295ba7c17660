#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Makes the seeds of the wasm and DWARF fuzzers, below tests/fuzz/corpus.

usage: make_wasm_corpus.py [CLANG]
"""
import pathlib
import subprocess
import sys
import tempfile

CORPUS = pathlib.Path(__file__).resolve().parent / "corpus"

SOURCES = {
    "run": """
struct pair { int first; double second; };
static inline int twice(int value) { return value * 2; }
static int table_target(int value) { return value + 1; }
int (*volatile chosen)(int) = table_target;
int run(struct pair *pair, int count) {
    int sum = 0;
    for (int i = 0; i < count; i++) {
        switch (pair[i].first) {
        case 0: sum += twice(i); break;
        case 1: sum -= chosen(i); break;
        case 2: return (int)pair[i].second;
        default: pair[i].first = sum;
        }
    }
    return sum;
}
""",
    "add": """
typedef float vector __attribute__((vector_size(16)));
vector add(vector *a, long long *b) {
    __atomic_fetch_add(b, 1, __ATOMIC_SEQ_CST);
    __builtin_memcpy(a + 1, a, 4096);
    return a[0] + a[1];
}
""",
}

# Bodies of functions for wasm_function_fuzz (without locals), see module_with() there.
FUNCTIONS = {
    "arithmetic": "2000 ac 2001 7c a7 41f800 6a 0b",
    "blocks": "2000 04 7f 4101 05 4102 0b 02 40 2000 0d00 0b 0b",
    "branch_table": "02 40 02 40 2000 0e 02 00 01 00 0b 0b 4100 0b",
    "memory": "4100 4101 36 02 04 4100 4100 4110 fc0a 0000 4100 28 02 00 0b",
    "vector": "4100 fd00 04 00 fd0b 00 00 00 4100 0b",
    "atomic": "4100 2001 fe1f 03 00 1a 4100 0b",
    "references": "d070 4101 fc0f 00 1a 4100 2500 d1 0b",
    "exceptions": "06 7f 4101 0800 0700 4103 19 4102 0b 0b",
    "unreachable": "00 1b 0b",
}


def compile_module(clang: str, function: str, source: str, optimize: str) -> bytes:
    """Two steps, the second without -O: linking with it would run wasm-opt where that exists."""
    target = [clang, "--target=wasm32", "-nostdlib"]
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([*target, "-g", optimize, "-msimd128", "-matomics", "-mbulk-memory",
                        "-ffile-compilation-dir=.", "-xc",
                        "-", "-c", "-o", "seed.o"], input=source.encode(), check=True, cwd=folder)
        subprocess.run([*target, "-Wl,--no-entry", f"-Wl,--export={function}",
                        "-Wl,--allow-undefined", "-Wl,--shared-memory",
                        "-Wl,--max-memory=131072", "seed.o", "-o", "seed.wasm"],
                       check=True, cwd=folder)
        return (pathlib.Path(folder) / "seed.wasm").read_bytes()


def write(fuzzer: str, name: str, data: bytes) -> None:
    folder = CORPUS / fuzzer
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(data)


def main(clang: str = "/usr/bin/clang-22") -> None:
    for name, code in FUNCTIONS.items():
        write("wasm_function_fuzz", name, bytes.fromhex(code))
    for name, source in SOURCES.items():
        for optimize in ("-O0", "-O2"):
            module = compile_module(clang, name, source, optimize)
            for fuzzer in ("wasm_module_fuzz", "dwarf_symbolizer_fuzz"):
                write(fuzzer, name + optimize, module)


if __name__ == "__main__":
    main(*sys.argv[1:])
