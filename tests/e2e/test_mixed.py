# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Interpreted and compiled modules in one process: one guest, whichever of them is which.

`mixed` (the main module) calls `mixlib`, which calls `deep`: main and deep are of one kind, mixlib of the other.
"""
import pathlib
import shutil
import subprocess

import pytest

from harness import paths
from harness.deadline import wait_for
from harness.guest import Guest
from harness.wat import compile_wat

MAIN = "mixed/main.c"
LIBRARY = "mixed/mixlib.c"
DEEP = "mixed/deep.c"


@pytest.fixture(params=["g", "3"])
def level(request) -> str:
    """Of what is compiled."""
    return request.param


@pytest.fixture(params=["interpreted", "compiled"])
def main_module(request, level, scratch) -> pathlib.Path:
    main_is = request.param
    compiled = ["mixlib"] if main_is == "interpreted" else ["mixed", "deep"]
    for name in ("mixed", "mixlib", "deep"):
        wasm = paths.fixture(f"mixed/{name}")
        if name in compiled:
            subprocess.run([paths.wdbg(), "compile", f"-O{level}", "--cpu=x86-64-v3", wasm, "-o",
                            scratch / f"{name}.aot"], check=True, capture_output=True)
        else:
            shutil.copy(wasm, scratch)
    return scratch / ("mixed.wasm" if main_is == "interpreted" else "mixed.aot")


@pytest.fixture
def threads_module(main_module, level) -> pathlib.Path:
    """Workers that call mixlib, beside it."""
    wasm = paths.fixture("mixed-threads-O0")
    module = main_module.with_name(f"threads{main_module.suffix}")
    if module.suffix == ".wasm":
        shutil.copy(wasm, module)
    else:
        subprocess.run([paths.wdbg(), "compile", f"-O{level}", "--cpu=x86-64-v3", "--enable-multi-thread", wasm,
                        "-o", module], check=True, capture_output=True)
    return module


@pytest.fixture
def debug_mixed(new_session, main_module):
    def start(*arguments: str, source: str = MAIN):
        session = new_session(source)
        session.connect(Guest(main_module, arguments, []), create_target=False)
        return session
    return start


def run_wdbg(*arguments) -> subprocess.CompletedProcess:
    return subprocess.run([paths.wdbg(), "run", *arguments], capture_output=True, text=True, check=False)


def finish(session) -> None:
    for breakpoint in list(session.target.breakpoint_iter()):
        session.target.BreakpointDelete(breakpoint.GetID())
    assert session.go_to_exit() == 0
    assert session.guest.stdout.at_end(5) == "scaled 20\nmixed 20 10737418240.0 3\n"


def test_it_runs_without_a_debugger(main_module):
    done = run_wdbg(main_module)
    assert (done.returncode, done.stdout, done.stderr) == (0, "scaled 20\nmixed 20 10737418240.0 3\n", "")


def test_the_librarys_exit_code_is_the_guests(main_module):
    done = run_wdbg(main_module, "exit")
    assert (done.returncode, done.stderr) == (7, "")


@pytest.mark.parametrize("engine", ["interp", "aot"])
def test_modules_of_one_kind_end_in_the_library_as_well(engine):
    main = paths.fixture("mixed/mixed")
    run_wdbg(f"--engine={engine}", main)  # says that it compiles, where that takes long
    done = run_wdbg(f"--engine={engine}", main, "exit")
    assert (done.returncode, done.stderr) == (7, "")
    done = run_wdbg(f"--engine={engine}", main, "trap")
    assert done.returncode == 134
    assert done.stderr.startswith("wdbg: trap: integer divide by zero")


def compiled_library(text: str, scratch: pathlib.Path) -> None:
    (scratch / "source").mkdir()
    wasm = compile_wat(text, scratch / "source" / "library.wasm")
    subprocess.run([paths.wdbg(), "compile", "-Og", wasm, "-o", scratch / "library.aot"], check=True,
                   capture_output=True)


MEMORY = '(memory (export "memory") 1)'  # what WAMR wants of a module with _start
LIBRARY_OF_ALL = """(module
    (func (export "f") (param i32) (result i32) local.get 0)
    (func (export "two") (result i32 i32) i32.const 1 i32.const 2)
    (memory (export "memory") 1) (global (export "global") i32 (i32.const 1)))"""


@pytest.mark.parametrize("imported, message", [
    ('"f" (func (param i32) (result i32))', ""),
    ('"f" (func (param i64) (result i32))', "has another type than the function"),
    ('"g" (func)', "nothing provides the import library.g"),
    ('"two" (func (result i32 i32))', "only numbers, and one result"),
    ('"memory" (memory 1)', "can share functions, but no memory"),
    ('"global" (global i32)', "can share functions, but no memory"),
])
def test_what_cannot_be_imported_is_named(scratch, imported, message):
    compiled_library(LIBRARY_OF_ALL, scratch)
    memory = '(export "memory" (memory 0))' if "(memory" in imported else MEMORY
    main = compile_wat(f'(module (import "library" {imported}) {memory} (func (export "_start")))', scratch / "main.wasm")
    done = run_wdbg(main)
    assert (done.returncode, done.stderr.count("\n")) == ((1, 1) if message else (0, 0)), done.stderr
    assert message in done.stderr


def test_modules_that_import_from_each_other_are_refused(scratch):
    compiled_library('(module (import "other" "f" (func)) (func (export "g")))', scratch)
    compile_wat('(module (import "library" "g" (func)) (func (export "f")))', scratch / "other.wasm")
    main = compile_wat(f'(module (import "library" "g" (func)) {MEMORY} (func (export "_start")))', scratch / "main.wasm")
    done = run_wdbg(main)
    assert done.returncode == 1 and "imports, by way of others, from itself" in done.stderr


def test_a_module_of_the_same_kind_comes_first(scratch):
    compiled_library('(module (func (export "f") unreachable))', scratch)
    compile_wat('(module (func (export "f")))', scratch / "library.wasm")
    main = compile_wat(f'(module (import "library" "f" (func)) {MEMORY} (func (export "_start") call 0))',
                       scratch / "main.wasm")
    assert run_wdbg(main).returncode == 0


def test_a_stack_goes_through_all_modules(debug_mixed):
    session = debug_mixed()
    stop = session.run_to("square", source=DEEP)
    assert stop.function == "square"
    assert session.frames()[:3] == ["square", "sum_of_squares", "main"]
    assert session.integer("value") == 1
    lines = [session.thread.GetFrameAtIndex(i).GetLineEntry().GetLine() for i in (1, 2)]
    assert lines == [session.place("square-call", source=LIBRARY).line, session.place("loop").line]
    names = {module.GetFileSpec().GetFilename() for module in session.target.module_iter()}
    assert {"mixed.wasm", "mixlib.wasm", "deep.wasm"} <= names
    finish(session)


def is_shown(session, name: str, frame: int, value: int) -> bool:
    """Of optimised code: right or not there."""
    variable = session.local(name, frame)
    return variable.GetError().Fail() or variable.GetValueAsSigned() == value


def test_each_frame_shows_its_own_memory(debug_mixed, main_module, level):
    session = debug_mixed()
    session.run_to("square", source=DEEP)
    values = {("value", 0): 1, ("result", 0): 1, ("sum", 1): 0, ("i", 1): 1, ("squares", 2): 0, ("count", 2): 1}
    for (name, frame), value in values.items():
        assert is_shown(session, name, frame, value), name
        interpreted = (frame == 1) == (main_module.suffix == ".aot")
        assert not session.local(name, frame).GetError().Fail() or (level == "3" and not interpreted)
    session.run_to("sum-end", source=LIBRARY)
    assert is_shown(session, "sum", 0, 1)
    assert session.target.FindFirstGlobalVariable("total").GetValueAsSigned() == 0
    session.run_to("count-call")
    assert is_shown(session, "result", 0, 1)
    finish(session)


def test_breakpoints_everywhere_are_hit_each_time(debug_mixed):
    session = debug_mixed()
    places = [("square", DEEP), ("sum-end", LIBRARY), ("count-call", MAIN)]
    breakpoints = [session.break_at(name, source=source) for name, source in places]
    stops = [session.go().function for _ in range(12)]
    assert stops == ["square", "sum_of_squares", "count_call",
                     "square", "square", "sum_of_squares", "count_call",
                     "square", "square", "square", "sum_of_squares", "count_call"]
    assert [breakpoint.GetHitCount() for breakpoint in breakpoints] == [6, 3, 3]
    assert session.go_to_exit() == 0


def test_step_into_and_out_of_the_other_kind(debug_mixed):
    session = debug_mixed()
    session.run_to("loop")
    assert session.step_in().function == "sum_of_squares"
    session.run_to("square-call", source=LIBRARY)
    assert session.step_in().function == "square"
    assert session.step_out().function == "sum_of_squares"
    assert session.step_out().function == "main"
    finish(session)


def test_step_over_a_call_of_the_other_kind(debug_mixed):
    session = debug_mixed()
    session.run_to("scaled-call")
    while session.stop().line <= session.place("scaled-call").line:
        assert session.step_over().function == "main"
    session.guest.stdout.wait_for("scaled 20", 5)
    finish(session)


def test_steps_by_instruction_go_in_and_come_back(debug_mixed):
    """From the call on, until main is there again: no step gets lost on the way."""
    session = debug_mixed()
    session.run_to("square-call", source=LIBRARY)
    seen = []
    for _ in range(400):
        session.step_instruction()
        function = session.frames()[0]
        if not seen or seen[-1] != function:
            seen.append(function)
        if function == "main":
            break
    assert seen == ["sum_of_squares", "square", "sum_of_squares", "main"]
    finish(session)


def test_a_trap_is_told_once_where_it_is(debug_mixed):
    session = debug_mixed("trap")
    stop = session.go()
    assert (stop.function, stop.reason) == ("divide", "exception")
    assert session.frames()[:2] == ["divide", "main"]
    assert session.go_to_exit() == 134


def test_watchpoint_on_the_librarys_memory(debug_mixed):
    session = debug_mixed()
    session.run_to("sum-end", source=LIBRARY)
    session.command("watchpoint set variable total")
    for total in (1, 6, 20):
        stop = session.go()
        assert (stop.function, stop.reason) == ("sum_of_squares", "watchpoint")
        assert session.target.FindFirstGlobalVariable("total").GetValueAsSigned() == total
    session.command("watchpoint delete --force")
    finish(session)


def test_detach_lets_both_run(debug_mixed):
    session = debug_mixed()
    session.run_to("square", source=DEEP)
    session.command("detach")
    assert session.guest.finish() == (0, "scaled 20\nmixed 20 10737418240.0 3\n", "")


def test_kill(debug_mixed):
    session = debug_mixed()
    session.run_to("square", source=DEEP)
    session.process.Kill()
    assert session.guest.finish()[0] != 0


def is_whole(stack: list[str]) -> bool:
    """Down to the thread's first function, which LLDB names after an import."""
    return len(stack) <= 1 or "thread_main" in stack or "_start" in stack


def test_threads_meet_in_the_library(new_session, threads_module):
    session = new_session("mixed/threads.c")
    session.connect(Guest(threads_module, (), []), create_target=False)
    breakpoint = session.break_at("sum-end", source=LIBRARY)
    for _ in range(40):
        stop = session.go()
        assert (stop.function, stop.reason) == ("sum_of_squares", "breakpoint")
        assert session.frames()[:2] == ["sum_of_squares", "thread_main"]
        stacks = [session.frames(thread) for thread in session.threads()]
        assert sum("sum_of_squares" in stack[:-1] for stack in stacks) == 1, "one at a time"
        assert all(is_whole(stack) for stack in stacks), stacks
    assert breakpoint.GetHitCount() == 40
    assert session.go_to_exit() == 0
    assert session.guest.stdout.at_end(5) == "threads 500\n"


def test_a_program_ends_while_its_threads_are_in_the_library(new_session, threads_module):
    """One of them sleeps there for minutes, the others wait for it."""
    session = new_session("mixed/threads.c")
    session.connect(Guest(threads_module, (), []), create_target=False)
    session.run_to("spawn")
    session.command("expression rests = 600")
    session.run_to("leave")
    assert session.go_to_exit() == 3


def test_threads_are_interrupted_wherever_they_are(new_session, threads_module):
    session = new_session("mixed/threads.c")
    session.connect(Guest(threads_module, (), []), create_target=False)
    session.run_to("spawn")
    session.command("expression rounds = 100000000")
    seen = set()

    def saw_both() -> bool:
        session.run_free()
        session.interrupt()
        stacks = [session.frames(thread) for thread in session.threads()]
        assert all(is_whole(stack) for stack in stacks), stacks
        seen.update(stack[0] for stack in stacks if stack)
        return {"thread_main", "sum_of_squares"} <= seen

    wait_for("interrupts in both kinds of code", saw_both)
    session.process.Kill()
    assert session.guest.finish()[0] != 0


def test_a_name_that_both_kinds_import(scratch):
    """The runtime knows modules by their names: the library's is not the program's. Each has an instance of its own."""
    compiled_library('(module (import "deep" "f" (func $f (result i32))) (func (export "g") (result i32) call $f))',
                     scratch)
    compile_wat("""(module (global $n (mut i32) (i32.const 0))
        (func (export "f") (result i32)
          (global.set $n (i32.add (global.get $n) (i32.const 1))) (global.get $n)))""", scratch / "deep.wasm")
    main = compile_wat("""(module (import "deep" "f" (func $f (result i32))) (import "library" "g" (func $g (result i32)))
        (func (export "sum") (result i32)
          (i32.add (i32.mul (i32.const 10) (i32.add (call $f) (call $f))) (call $g))))""", scratch / "main.wasm")
    done = run_wdbg("--invoke=sum", main)
    assert (done.returncode, done.stdout) == (0, "31:i32\n"), done.stderr


def test_two_modules_share_one_library(scratch):
    """One instance, one at a time in it, whoever imports from it."""
    compiled_library("""(module (global $n (mut i32) (i32.const 0))
        (func (export "f") (result i32)
          (global.set $n (i32.add (global.get $n) (i32.const 1))) (global.get $n)))""", scratch)
    compile_wat('(module (import "library" "f" (func $f (result i32))) (func (export "h") (result i32) call $f))',
                scratch / "other.wasm")
    main = compile_wat("""(module (import "library" "f" (func $f (result i32))) (import "other" "h" (func $h (result i32)))
        (func (export "sum") (result i32)
          (i32.add (i32.mul (i32.const 10) (call $f)) (call $h))))""", scratch / "main.wasm")
    done = run_wdbg("--invoke=sum", main)
    assert (done.returncode, done.stdout) == (0, "12:i32\n"), done.stderr


def test_one_thread_alone_goes_into_a_library_that_is_new(new_session, scratch):
    """A first call stops at a new instance: for nothing that the client wants to know."""
    compiled_library('(module (func $f (export "f") (result i32) i32.const 7))', scratch)
    main = compile_wat("""(module (import "library" "f" (func $f (result i32)))
        (func $call (export "run") (result i32) (i32.add (call $f) (i32.const 1))))""", scratch / "main.wasm")
    session = new_session()
    session.connect(Guest(main, (), ["--invoke=run"]), create_target=False)
    session.command("settings set target.process.run-all-threads false")
    session.command("thread continue 1")
    assert session.wait_for_exit() == 0


@pytest.mark.parametrize("debugged", [True, False])
def test_too_little_stack_for_a_library(new_session, scratch, debugged):
    """Found before the library's code is entered: the program's trap, told once."""
    compile_wat('(module (func (export "f") (param i32) (result i32) local.get 0))', scratch / "library.wasm")
    source = scratch / "source"
    source.mkdir()
    main = compile_wat("""(module (import "library" "f" (func $f (param i32) (result i32)))
        (func $deeper (param i32) (result i32)
          (i32.add (call $f (local.get 0)) (call $deeper (i32.add (local.get 0) (i32.const 1)))))
        (func (export "run") (result i32) (call $deeper (i32.const 0))))""", source / "main.wasm")
    aot = scratch / "main.aot"
    subprocess.run([paths.wdbg(), "compile", "-Og", main, "-o", aot], check=True, capture_output=True)
    if not debugged:
        done = run_wdbg("--invoke=run", aot)
        assert done.returncode == 134 and "stack overflow" in done.stderr
        return
    session = new_session()
    session.connect(Guest(aot, (), ["--invoke=run"]), create_target=False)
    stop = session.go(30)
    assert stop.reason == "exception" and "stack overflow" in stop.description
    assert session.thread.GetNumFrames() > 100
    assert session.go_to_exit() == 134
