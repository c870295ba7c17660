;; SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
;; Loops without end, and calls that block.
(module
  (import "wasi_snapshot_preview1" "fd_read"
    (func $fd_read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "poll_oneoff"
    (func $poll_oneoff (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "clock_time_get"
    (func $clock_time_get (param i32 i64 i32) (result i32)))
  (import "test" "block" (func $block))
  (memory (export "memory") 1 1 shared)

  (func $spin (export "busy")
    (loop $again (br $again)))

  ;; an iovec at 0: 8 bytes at 64. Returns the first byte read.
  (func $reader (export "read") (result i32) (local $mark i32)
    (local.set $mark (i32.const 42))
    (i32.store (i32.const 0) (i32.const 64))
    (i32.store (i32.const 4) (i32.const 8))
    i32.const 0
    i32.const 0
    i32.const 1
    i32.const 16
    call $fd_read
    drop
    (i32.load8_u (i32.const 64)))

  ;; one subscription at 128 to a relative clock, 1000 s
  (func $sleeper (export "sleep")
    (i32.store8 (i32.const 136) (i32.const 0))
    (i32.store (i32.const 144) (i32.const 1))
    (i64.store (i32.const 152) (i64.const 1000000000000))
    i32.const 128
    i32.const 256
    i32.const 1
    i32.const 512
    call $poll_oneoff
    drop)

  (func $waiter (export "wait") (local $mark i32)
    (local.set $mark (i32.const 42))
    i32.const 5
    i32.const 1024
    i32.const 0
    i64.const -1
    memory.atomic.wait32
    drop
    drop)

  (func $blocker (export "block") (result i32) (local $mark i32)
    (local.set $mark (i32.const 42))
    i32.const 6
    call $block
    local.get $mark
    i32.add)

  (func $clock (export "clock") (result i32)
    (drop (call $clock_time_get (i32.const 0) (i64.const 0) (i32.const 2048)))
    nop
    (i64.ne (i64.load (i32.const 2048)) (i64.const 0)))
  (func (export "_start")))
