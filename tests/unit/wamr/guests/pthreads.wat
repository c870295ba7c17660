;; SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
;; WAMR's lib-pthread: a thread that leaves its frames by pthread_exit.
(module
  (import "env" "pthread_create" (func $create (param i32 i32 i32 i32) (result i32)))
  (import "env" "pthread_join" (func $join (param i32 i32) (result i32)))
  (import "env" "pthread_exit" (func $exit (param i32)))
  (memory (export "memory") 8 8 shared)
  (table 3 funcref)
  (elem (i32.const 0) $leave $come_back $spin)
  (global $__stack_pointer (mut i32) (i32.const 65536))
  (global $__heap_base (export "__heap_base") i32 (i32.const 131072))
  (global $__data_end (export "__data_end") i32 (i32.const 1024))
  (global $used (mut i32) (i32.const 131072))

  (func (export "malloc") (param $size i32) (result i32)
    (global.get $used)
    (global.set $used (i32.add (global.get $used)
      (i32.and (i32.add (local.get $size) (i32.const 15)) (i32.const -16)))))
  (func (export "free") (param i32))

  (func $leave_deep (param $value i32)
    local.get $value
    call $exit)
  (func $leave (param $value i32) (result i32)
    local.get $value
    call $leave_deep
    i32.const 0)
  (func $come_back (param $value i32) (result i32)
    local.get $value
    i32.const 1
    i32.add)

  (func $spin (param $unused i32) (result i32)
    (loop $again (br $again))
    i32.const 0)

  (func $main_leaves (export "main_leaves")
    (drop (call $create (i32.const 16) (i32.const 0) (i32.const 2) (i32.const 0)))
    (call $leave_deep (i32.const 7)))

  (func $run (export "run") (param $function i32) (result i32)
    (drop (call $create (i32.const 16) (i32.const 0) (local.get $function) (i32.const 41)))
    nop
    (drop (call $join (i32.load (i32.const 16)) (i32.const 32)))
    nop
    (i32.load (i32.const 32))))
