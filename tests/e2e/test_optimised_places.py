# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Breakpoints in -O3 code at instructions whose own code is gone."""
import pathlib
import subprocess

import pytest

from harness import paths
from harness.guest import Guest
from harness.raw import RawClient, counting
from harness.wat import compile_wat, instructions

FOLDED = """(module (memory (export "memory") 1)
  (func (export "f") (param $n i32) (result i32) (local $x i32)
    (local.set $x (i32.const 7))
    (local.set $x (i32.const 9))
    (i32.store (i32.const 8) (local.get $n))
    (i32.mul (local.get $x) (local.get $n))))"""
# The memory's address is loaded again behind what may write it: on one of two ways. In front of the
# loop there is no code.
JOIN = """(module (memory (export "memory") 1)
  (func $work (export "work") (param $n i32) (result i32)
    (if (result i32) (local.get $n)
      (then (i32.add (call $work (i32.sub (local.get $n) (i32.const 1))) (i32.load (memory.grow (i32.const 0)))))
      (else (i32.const 1))))
  (func (export "f") (param $n i32) (result i32) (local $sum i32)
    (local.set $sum (call $work (i32.const 3)))
    (loop $again
      (local.set $sum (i32.add (i32.load offset=40 (local.get $n)) (local.get $sum)))
      (if (i32.and (local.get $n) (i32.const 1)) (then (i32.store (i32.const 16) (local.get $n))))
      (local.set $sum (i32.add (i32.load offset=77 (local.get $n)) (local.get $sum)))
      (local.set $sum (i32.add (local.get $sum) (call $work (local.get $n))))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $sum)))"""
UNROLLED = """(module (memory (export "memory") 1)
  (func (export "f") (param $n i32) (result i32) (local $sum i32)
    (loop $again
      (local.set $sum (i32.add (local.get $sum) (i32.load offset=1000 (local.get $sum))))
      (i32.store8 offset=1000 (local.get $sum) (local.get $n))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $sum)))"""


@pytest.fixture
def compiled(scratch):
    """compiled(text): the .wasm, with an .aot beside it."""
    def make(text: str) -> pathlib.Path:
        wasm = compile_wat(text, scratch / "guest.wasm")
        subprocess.run([paths.wdbg(), "compile", "-O3", "--cpu=x86-64-v3", wasm, "-o", wasm.with_suffix(".aot")],
                       check=True, capture_output=True)
        return wasm
    return make


@pytest.fixture
def connect():
    """connect(module): a client of its function f(9), at the entry."""
    opened = []

    def start(module: pathlib.Path) -> RawClient:
        opened.append(Guest(module, ("9",), ["--invoke=f"]))
        client = RawClient(opened[-1].address())
        client.ask("?")
        return client

    yield start
    for guest in opened:
        guest.dispose()


def hits_of(client: RawClient, places: list[int]) -> list[int]:
    for number, place in enumerate(places):
        assert client.ask(f"Z0,{place:x},1;{counting(number)}") == "OK"
    assert client.ask(f"Z0,{places[-1]:x},1") == "OK"  # f's end
    client.send("c")
    assert client.receive().startswith("T05")
    return [int(client.ask(f"qTV:{number:x}")[1:], 16) for number in range(len(places))]


def test_a_local_that_is_further_on_already_is_not_shown(compiled, connect):
    wasm = compiled(FOLDED)
    places = dict(instructions(wasm, "f"))
    client = connect(wasm.with_suffix(".aot"))
    for place in (places["i32.const 7"], places["i32.store 2 0"]):
        assert client.ask(f"Z0,{place:x},1") == "OK"
    client.send("c")
    assert "reason:breakpoint" in client.receive()
    assert client.ask("qWasmLocal:0;0") == "09000000"
    assert client.ask("qWasmLocal:0;1").startswith("E")
    client.send("c")
    assert "reason:breakpoint" in client.receive()  # the same native instruction
    assert client.ask("qWasmLocal:0;1") == "09000000"


def test_each_instruction_is_hit_once_for_each_execution(compiled, connect):
    wasm = compiled(JOIN)
    listing = instructions(wasm, "f")
    hits = {engine: hits_of(connect(module), [place for _, place in listing])
            for engine, module in (("interpreted", wasm), ("compiled", wasm.with_suffix(".aot")))}
    assert list(zip(listing, hits["compiled"])) == list(zip(listing, hits["interpreted"]))


def test_copies_in_an_unrolled_loop_are_hit_each(compiled, connect):
    wasm = compiled(UNROLLED)
    listing = instructions(wasm, "f")
    hits = hits_of(connect(wasm.with_suffix(".aot")), [place for _, place in listing])
    for (text, _), count in zip(listing, hits):
        assert count == 9 or text not in ("i32.add", "i32.store8 0 1000")


def test_breakpoints_set_on_the_way_are_not_hit_where_ways_meet(compiled, connect):
    """While its function is on the stack, an instruction may be about to be executed."""
    wasm = compiled(JOIN)
    listing = instructions(wasm, "f")
    store = next(place for text, place in listing if text.startswith("i32.store"))
    client = connect(wasm.with_suffix(".aot"))
    assert client.ask(f"Z0,{listing[3][1]:x},1") == "OK"  # the loop
    client.send("c")
    assert client.receive().startswith("T05")
    assert hits_of(client, [store, listing[-1][1]]) == [5, 0]
