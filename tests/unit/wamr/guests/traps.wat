;; SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
;; One export for each trap. Each has a local and an operand below the trapping instruction's own.
(module
  (import "test" "fail" (func $fail))
  (type $unary (func (param i32) (result i32)))
  (memory (export "memory") 1)
  (table $table 4 funcref)
  (elem (i32.const 0) $nullary)
  (func $nullary)

  (func $marked (export "unreachable") (local $mark i32)
    (local.set $mark (i32.const 42))
    i32.const 5
    unreachable)
  (func (export "load") (local $mark i32)
    (local.set $mark (i32.const 42))
    i32.const 5
    i32.const 65533
    i32.load
    drop
    drop)
  (func (export "store") (local $mark i32)
    (local.set $mark (i32.const 42))
    i32.const 5
    i32.const -1
    i64.const 1
    i64.store
    drop)
  (func (export "fill") (local $mark i32)
    (local.set $mark (i32.const 42))
    i32.const 5
    i32.const 65530
    i32.const 0
    i32.const 100
    memory.fill
    drop)
  (func (export "divide") (local $mark i32)
    (local.set $mark (i32.const 42))
    i32.const 5
    i32.const 1
    i32.const 0
    i32.div_s
    drop
    drop)
  (func (export "overflow") (local $mark i32)
    (local.set $mark (i32.const 42))
    i32.const 5
    i32.const 0x80000000
    i32.const -1
    i32.div_s
    drop
    drop)
  (func (export "convert") (local $mark i32)
    (local.set $mark (i32.const 42))
    i32.const 5
    f32.const nan
    i32.trunc_f32_s
    drop
    drop)
  (func (export "mismatch") (local $mark i32)
    (local.set $mark (i32.const 42))
    i32.const 5
    i32.const 1
    i32.const 0
    call_indirect $table (type $unary)
    drop
    drop)
  (func (export "uninitialized") (local $mark i32)
    (local.set $mark (i32.const 42))
    i32.const 5
    i32.const 1
    i32.const 2
    call_indirect $table (type $unary)
    drop
    drop)
  (func (export "undefined") (local $mark i32)
    (local.set $mark (i32.const 42))
    i32.const 5
    i32.const 1
    i32.const 99
    call_indirect $table (type $unary)
    drop
    drop)
  (func (export "table") (local $mark i32)
    (local.set $mark (i32.const 42))
    i32.const 5
    i32.const 99
    table.get $table
    drop
    drop)
  (func (export "atomic") (local $mark i32)
    (local.set $mark (i32.const 42))
    i32.const 5
    i32.const 2
    i32.atomic.load
    drop
    drop)
  (func (export "host") (local $mark i32)
    (local.set $mark (i32.const 42))
    i32.const 5
    call $fail
    drop)
  (func $endless (export "overflowing") (param $depth i32) (result i32) (local $mark i32)
    (local.set $mark (i32.const 42))
    (call $endless (i32.add (local.get $depth) (i32.const 1)))))
