;; SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
;; A memory that grows, and perhaps moves, under what is watched.
(module
  (import "test" "poke" (func $poke (param i32 i32)))
  (memory (export "memory") 1)

  ;; writes the last byte of the first page before and after it grows, and the first of the second
  (func $run (export "run") (param $pages i32) (result i32)
    (i32.store8 (i32.const 65535) (i32.const 1))
    (drop (memory.grow (local.get $pages)))
    nop
    (i32.store8 (i32.const 65535) (i32.const 2))
    (i32.store8 (i32.const 65536) (i32.const 3))
    (call $poke (i32.const 65535) (i32.const 4))
    nop
    (i32.load (i32.const 65534))))
