;; SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
(module
  (import "base" "bump" (func $bump (param i32) (result i32)))
  (import "base" "broken" (func $broken (param i32)))
  (memory (export "memory") 1)
  (func $via (export "via") (param $by i32) (result i32)
    local.get $by
    i32.const 100
    i32.mul
    call $bump)
  (func $fail (export "fail") (param $mark i32)
    local.get $mark
    call $broken))
