;; SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
;; Calls of every kind.
(module
  (import "test" "note" (func $note (param i32)))
  (import "test" "call_back" (func $call_back (param i32 i32) (result i32)))
  (import "test" "fail" (func $fail))
  (memory (export "memory") 1)
  (table $table 4 funcref)
  (elem (i32.const 0) $double $triple $nested $fails)
  (global $depth (mut i32) (i32.const 0))

  (func $add (param $left i32) (param $right i32) (result i32) (local $sum i32) (local $wide i64)
    local.get $left
    local.get $right
    i32.add
    local.set $sum
    local.get $sum)

  (func $double (param $x i32) (result i32)
    local.get $x
    i32.const 2
    i32.mul)

  (func $triple (param $x i32) (result i32)
    local.get $x
    i32.const 3
    i32.mul)

  ;; called by the host: calls the host again, which calls $double
  (func $nested (param $x i32) (result i32)
    i32.const 0
    local.get $x
    call $call_back
    i32.const 1
    i32.add)

  (func $fails (param $x i32) (result i32)
    unreachable)

  ;; sum of 1..n
  (func $sum_to (export "sum_to") (param $n i32) (result i32)
    (if (result i32) (i32.eqz (local.get $n))
      (then (i32.const 0))
      (else
        (i32.add (call $sum_to (i32.sub (local.get $n) (i32.const 1))) (local.get $n)))))

  ;; the same with tail calls: constant depth
  (func $tail_sum (param $n i32) (param $sum i32) (result i32)
    (if (i32.eqz (local.get $n)) (then (return (local.get $sum))))
    (i32.sub (local.get $n) (i32.const 1))
    (i32.add (local.get $sum) (local.get $n))
    return_call $tail_sum)

  (func (export "tail_sum") (param $n i32) (result i32)
    local.get $n
    i32.const 0
    call $tail_sum)

  (func $run (export "run") (result i32) (local $total i32)
    i32.const 20
    i32.const 22
    call $add
    local.set $total
    i32.const 7
    i32.const 1
    call_indirect $table (param i32) (result i32)
    local.get $total
    i32.add
    local.set $total
    local.get $total
    call $note
    local.get $total)

  (func $back (export "back") (result i32)
    i32.const 2
    i32.const 10
    call $call_back)

  (func $back_fails (export "back_fails") (result i32)
    i32.const 3
    i32.const 10
    call $call_back)

  (func $host_fails (export "host_fails")
    nop
    call $fail
    nop)

  ;; blocks, loops, br_table, if/else: a result that only correct control flow gives
  (func $mix (param $n i32) (result i32) (local $i i32) (local $acc i32)
    (block $done
      (loop $again
        (br_if $done (i32.ge_u (local.get $i) (local.get $n)))
        (block $three (block $two (block $one
          (br_table $one $two $three (i32.rem_u (local.get $i) (i32.const 3))))
          (local.set $acc (i32.add (local.get $acc) (i32.const 1)))
          (br $three))
          (local.set $acc (i32.add (local.get $acc) (i32.const 10))))
        (if (i32.and (local.get $i) (i32.const 1))
          (then (local.set $acc (i32.xor (local.get $acc) (local.get $i))))
          (else (i32.store (i32.const 64) (local.get $acc))
                (local.set $acc (i32.add (i32.load (i32.const 64)) (i32.const 3)))))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br $again)))
    (local.get $acc))

  (func (export "mix") (param $n i32) (result i32)
    (i32.add (call $mix (local.get $n))
      (i32.add (call $sum_to (i32.const 10)) (call $tail_sum (i32.const 10) (i32.const 0))))))
