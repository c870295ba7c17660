# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""`wdbg info` of modules, compiled modules and debug files: alone, together, and not of a kind."""
import json
import shutil
import subprocess

import pytest

from harness import paths


def ask(*arguments, status: int = 0) -> subprocess.CompletedProcess:
    done = subprocess.run([paths.wdbg(), "info", *arguments], capture_output=True, text=True)
    assert done.returncode == status, done.stderr
    return done


def tell(*arguments) -> dict:
    return json.loads(ask("--json", *arguments).stdout)


@pytest.fixture(scope="module")
def compiled(tmp_path_factory):
    """control.wasm, control.aot, control.aot.debug and coverage.json, as the compiler has it."""
    folder = tmp_path_factory.mktemp("info")
    wasm = folder / "control.wasm"
    shutil.copy(paths.fixture("control-O2"), wasm)
    subprocess.run([paths.wdbg(), "compile", "-Og", f"--coverage={folder / 'coverage.json'}", wasm,
                    "-o", folder / "control.aot"], check=True, capture_output=True)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def test_module():
    told = tell(paths.fixture("control-O0"))
    assert (told["format"], told["module"]["functions"]) == ("wasm", 52)
    assert told["module"]["section_sizes"]["code"] > 10000
    assert len(told["module"]["sha256"]) == 64
    found = told["debug_information"]
    assert found["found"] and found["lines"] > 500 and "C11" in found["languages"]


@pytest.mark.parametrize("name, where", [("external-O0", "external-O0.debug.wasm"),
                                         ("packed", "packed.wasm")])
def test_debug_information_elsewhere_is_found(name, where):
    found = tell(paths.fixture(name))["debug_information"]
    assert found["found"] and found["file"].endswith(where) and found["lines"] == 632


def test_module_without_debug_information():
    found = tell(paths.fixture("bare-O0"))["debug_information"]
    assert not found["found"] and "-g" in found["problem"]


@pytest.mark.parametrize("name", ["control.aot", "control.aot.debug"])
def test_files_that_belong_together(compiled, name):
    told = tell(compiled / name)
    debug_file = told["debug_file"]
    assert debug_file["options"] == "-Og"
    assert debug_file["belongs_to_code"] and debug_file["belongs_to_module"]
    assert debug_file["module_sha256"] == told["module"]["sha256"]
    assert len(debug_file["build_id"]) == 40
    coverage = json.loads((compiled / "coverage.json").read_text())
    assert {key: told["coverage"][key] for key in coverage} == coverage
    assert told["coverage"]["lines_by_range_percent"] >= 90
    assert told["coverage"]["variables_readable_percent"] == 100


def test_coverage_of_a_module_by_a_named_debug_file(compiled):
    told = tell(compiled / "control.wasm", f"--debug-file={compiled / 'control.aot.debug'}")
    assert told["coverage"]["lines"] == told["debug_information"]["lines"]


def test_compiled_code_is_described(compiled):
    code = tell(compiled / "control.aot")["code"]
    assert (code["target"], code["bits"], code["functions"], code["xip"]) == ("x86_64", 64, 50, False)
    assert code["section_sizes"]["text"] >= code["text_size"] > 20000


def test_text_has_what_the_json_has(compiled):
    lines = ask(compiled / "control.aot").stdout.splitlines()
    assert "format: aot" in lines
    assert "  belongs to code: true" in lines
    assert any(line.startswith("  lines by range percent: 9") for line in lines)


def test_missing_debug_file_is_told_with_what_to_do(compiled, scratch):
    alone = scratch / "alone.aot"
    shutil.copy(compiled / "control.aot", alone)
    told = tell(alone)["debug_file"]
    assert "alone.aot.debug" in told["problem"] and f"--debug-for={alone}" in told["hint"]


def test_debug_file_of_other_code_is_told(compiled, scratch):
    other = scratch / "other.aot"
    subprocess.run([paths.wdbg(), "compile", paths.fixture("control-O0"), "-o", other], check=True,
                   capture_output=True)
    told = tell(other, f"--debug-file={compiled / 'control.aot.debug'}")["debug_file"]
    assert not told["belongs_to_code"] and "other code" in told["why_not_code"]
    told = tell(paths.fixture("control-O0"), f"--debug-file={compiled / 'control.aot.debug'}")
    assert not told["debug_file"]["belongs_to_module"] and "coverage" not in told


@pytest.mark.parametrize("name, kind", [("control.wasm", "module"), ("control.aot", ".aot file"),
                                        ("control.aot.debug", "debug file")])
def test_truncated_files_are_refused_in_one_line(compiled, scratch, name, kind):
    cut = scratch / name
    cut.write_bytes((compiled / name).read_bytes()[:3000])
    stderr = ask(cut, status=1).stderr
    assert stderr.startswith(f"wdbg: info: {cut}: ") and stderr.count("\n") == 1


def test_what_is_no_module_is_refused(scratch):
    other = scratch / "text"
    other.write_text("no module\n")
    assert "expected a .wasm, .aot or .aot.debug" in ask(other, status=1).stderr
    assert "No such file" in ask(scratch / "none", status=1).stderr
    assert "is no regular file" in ask(scratch, status=1).stderr
    assert "no module given" in ask(status=2).stderr
