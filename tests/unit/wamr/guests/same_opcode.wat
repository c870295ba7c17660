;; SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
;; Instructions whose code in an interpreter may be shared by several opcodes.
(module
  (memory (export "memory") 1)
  (type $sum (func (param i32 i32) (result i32)))
  (table funcref (elem $tail_sum))

  ;; Each store into bytes of 0xff of its own; the sum of them all.
  (func $stores (export "stores") (result i64)
    (i64.store (i32.const 0) (i64.const -1))
    (i64.store (i32.const 8) (i64.const -1))
    (i64.store (i32.const 16) (i64.const -1))
    (i64.store (i32.const 24) (i64.const -1))
    (i64.store (i32.const 32) (i64.const -1))
    (i32.store8 (i32.const 0) (i32.const 0x11))
    (i32.store16 (i32.const 8) (i32.const 0x22))
    (i64.store8 (i32.const 16) (i64.const 0x33))
    (i64.store16 (i32.const 24) (i64.const 0x44))
    (i64.store32 (i32.const 32) (i64.const 0x55))
    (i64.add
      (i64.add (i64.load (i32.const 0)) (i64.load (i32.const 8)))
      (i64.add
        (i64.load (i32.const 16))
        (i64.add (i64.load (i32.const 24)) (i64.load (i32.const 32))))))

  (func $tail_sum (param $n i32) (param $sum i32) (result i32)
    (if (i32.eqz (local.get $n)) (then (return (local.get $sum))))
    (i32.sub (local.get $n) (i32.const 1))
    (i32.add (local.get $sum) (local.get $n))
    i32.const 0
    return_call_indirect (type $sum))

  (func $sum (export "sum") (param $n i32) (result i32)
    local.get $n
    i32.const 0
    i32.const 0
    call_indirect (type $sum)))
