;; SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
;; Its host makes more instances of a module, and calls into them, while the guest runs.
(module
  (import "base" "bump" (func $bump (param i32) (result i32)))
  (import "test" "bump_new_base" (func $bump_new_base (param i32) (result i32)))
  (memory (export "memory") 1)
  (func $run (export "run") (result i32)
    (drop (call $bump (i32.const 1)))
    (drop (call $bump_new_base (i32.const 50)))
    (drop (call $bump_new_base (i32.const 70)))
    (call $bump (i32.const 2))))
