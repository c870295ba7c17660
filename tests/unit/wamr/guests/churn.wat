;; SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
;; Its host makes an instance of a module, calls into it and frees it, again and again.
(module
  (import "base" "bump" (func $bump (param i32) (result i32)))
  (import "test" "bump_and_free" (func $bump_and_free (param i32) (result i32)))
  (memory (export "memory") 1)
  (func $run (export "run") (param $rounds i32) (result i32)
    (local $sum i32)
    (loop $next
      (local.set $sum
        (i32.add (local.get $sum) (call $bump_and_free (local.get $rounds))))
      (br_if $next (local.tee $rounds (i32.sub (local.get $rounds) (i32.const 1)))))
    (i32.add (local.get $sum) (call $bump (i32.const 0)))))
