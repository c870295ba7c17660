;; SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
(module
  (import "base" "bump" (func $bump (param i32) (result i32)))
  (import "middle" "via" (func $via (param i32) (result i32)))
  (import "middle" "fail" (func $fail (param i32)))
  (memory (export "memory") 1)
  (func $run (export "run") (result i32)
    (drop (call $bump (i32.const 1)))
    (drop (call $via (i32.const 2)))
    (drop (call $bump (i32.const 3)))
    (i32.add (call $bump (i32.const 0)) (call $via (i32.const 4))))
  (func $fails (export "fails")
    (call $fail (i32.const 7))))
