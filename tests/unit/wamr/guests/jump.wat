;; SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
;; Blocks to jump into, out of and around; `run` gives what was left out.
(module
  (memory (export "memory") 1)

  (func $add (export "run") (result i32)
    (local $sum i32) (local $i i32)
    (local.set $sum (i32.const 1))
    nop
    (block $done
      (loop $again
        (br_if $done (i32.ge_u (local.get $i) (i32.const 4)))
        (if (i32.eq (local.get $i) (i32.const 2))
          (then (local.set $sum (i32.add (local.get $sum) (i32.const 100))))
          (else (local.set $sum (i32.add (local.get $sum) (i32.const 10)))))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br $again)))
    (i64.const 7)
    (block $typed (param i64) (result i32)
      (i64.const 3)
      i64.add
      i32.wrap_i64)
    (i32.store (i32.const 8) (local.get $sum))
    drop
    (local.get $sum)
    return)

  (func (export "other")
    nop))
