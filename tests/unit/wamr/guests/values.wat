;; SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
;; Locals, operand stack, globals, tables and memory of every type.
(module
  (memory (export "memory") 1 3)
  (table $functions 4 funcref)
  (table $objects 3 externref)
  (elem (i32.const 1) $two)
  (global $i (mut i32) (i32.const -5))
  (global $l (mut i64) (i64.const 0x123456789abcdef0))
  (global $f (mut f32) (f32.const 1.5))
  (global $d (mut f64) (f64.const -2.25))
  (global $constant i32 (i32.const 77))
  (global $function (mut funcref) (ref.func $two))
  (data (i32.const 16) "memory contents")

  (func $two (result i32)
    i32.const 2)

  (func $types (param $i i32) (param $l i64) (param $f f32) (param $d f64)
               (param $r funcref) (param $x externref) (result i32)
               (local $li i32) (local $ll i64) (local $lf f32) (local $ld f64)
               (local $lr funcref) (local $lx externref)
    i32.const -1
    i64.const -2
    f32.const 0.5
    f64.const 0.25
    ref.func $two
    ref.null extern
    nop
    drop
    drop
    drop
    drop
    drop
    drop
    local.get $li
    local.get $i
    i32.add)

  (func (export "run") (result i32)
    i32.const 11
    i64.const 0x100000002
    f32.const 3.5
    f64.const 4.25
    ref.func $two
    ref.null extern
    call $types
    global.get $i
    i32.add
    i32.const 100
    i32.load
    i32.add))
