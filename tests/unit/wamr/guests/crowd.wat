;; SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
;; Threads that call into other modules' instances: base directly and through middle, as diamond does.
(module
  (import "wasi" "thread-spawn" (func $spawn (param i32) (result i32)))
  (import "base" "bump" (func $bump (param i32) (result i32)))
  (import "base" "broken" (func $broken (param i32)))
  (import "middle" "via" (func $via (param i32) (result i32)))
  (memory (export "memory") 1 1 shared)

  ;; memory: 0 threads that have ended, 4 calls they have made, 8 what they wait for

  (func $thread (export "wasi_thread_start") (param $id i32) (param $calls i32)
    (if (i32.eqz (local.get $calls)) (then (call $broken (local.get $id))))
    (loop $again
      (drop (call $bump (i32.const 1)))
      (drop (call $via (i32.const 1)))
      (drop (i32.atomic.rmw.add (i32.const 4) (i32.const 2)))
      (local.set $calls (i32.sub (local.get $calls) (i32.const 1)))
      (br_if $again (local.get $calls)))
    (drop (i32.atomic.rmw.add (i32.const 0) (i32.const 1)))
    (drop (memory.atomic.notify (i32.const 0) (i32.const 64))))

  (func $join (param $n i32) (local $ended i32)
    (loop $again
      (local.set $ended (i32.atomic.load (i32.const 0)))
      (if (i32.ge_u (local.get $ended) (local.get $n)) (then (return)))
      (drop (memory.atomic.wait32 (i32.const 0) (local.get $ended) (i64.const -1)))
      (br $again)))

  ;; n threads that make 2 * $calls calls each; none means that they trap in base
  (func $run (export "run") (param $n i32) (param $calls i32) (result i32) (local $left i32)
    (local.set $left (local.get $n))
    (loop $again
      (if (i32.lt_s (call $spawn (local.get $calls)) (i32.const 0)) (then unreachable))
      (local.set $left (i32.sub (local.get $left) (i32.const 1)))
      (br_if $again (local.get $left)))
    (call $join (local.get $n))
    (i32.atomic.load (i32.const 4)))
  (func (export "_start")))
