;; SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
;; wasi-threads. A thread's argument is kind * 65536 + value; kinds are positions in the table.
(module
  (import "wasi" "thread-spawn" (func $spawn (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (import "wasi_snapshot_preview1" "poll_oneoff"
    (func $poll_oneoff (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read"
    (func $fd_read (param i32 i32 i32 i32) (result i32)))
  (import "test" "block" (func $block))
  (type $kind (func (param i32)))
  (memory (export "memory") 1 1 shared)
  (table 9 funcref)
  (elem (i32.const 0) $work $spin $trap $block_once $exit $wait $count_until_gate $sleep
    $read)
  (global $mine (mut i32) (i32.const 0))

  ;; memory: 0 threads that have ended, 4 hits, 8 gate, 12 total of $count_until_gate

  (func $planted (param $x i32) (result i32)
    local.get $x
    i32.const 1
    i32.add)

  (func $work (param $calls i32)
    (loop $again
      (if (i32.eqz (local.get $calls)) (then (return)))
      (drop (i32.atomic.rmw.add (i32.const 4) (call $planted (i32.const 0))))
      (local.set $calls (i32.sub (local.get $calls) (i32.const 1)))
      (br $again)))

  (func $count_until_gate (param $unused i32) (local $n i32)
    (loop $again
      (local.set $n (call $planted (local.get $n)))
      (br_if $again (i32.eqz (i32.atomic.load (i32.const 8)))))
    (drop (i32.atomic.rmw.add (i32.const 12) (local.get $n)))
    (drop (i32.atomic.rmw.add (i32.const 4) (local.get $n))))

  (func $spin (param $unused i32)
    (loop $again
      (br_if $again (i32.eqz (i32.atomic.load (i32.const 8))))))

  (func $wait (param $unused i32)
    (drop (memory.atomic.wait32 (i32.const 8) (i32.const 0) (i64.const -1))))

  (func $trap (param $unused i32)
    unreachable)

  (func $block_once (param $unused i32)
    call $block)

  (func $exit (param $code i32)
    local.get $code
    call $proc_exit)

  ;; a subscription at 128 to a relative clock, 1000 s
  (func $sleep (param $unused i32)
    (i32.store8 (i32.const 136) (i32.const 0))
    (i32.store (i32.const 144) (i32.const 1))
    (i64.store (i32.const 152) (i64.const 1000000000000))
    (drop (call $poll_oneoff (i32.const 128) (i32.const 256) (i32.const 1) (i32.const 512))))

  ;; 8 bytes from stdin to 704, by an iovec at 640
  (func $read (param $unused i32)
    (i32.store (i32.const 640) (i32.const 704))
    (i32.store (i32.const 644) (i32.const 8))
    (drop (call $fd_read (i32.const 0) (i32.const 640) (i32.const 1) (i32.const 656))))

  (func $thread (export "wasi_thread_start") (param $id i32) (param $argument i32)
    (global.set $mine (local.get $id))
    (call_indirect (type $kind)
      (i32.and (local.get $argument) (i32.const 0xFFFF))
      (i32.shr_u (local.get $argument) (i32.const 16)))
    (drop (i32.atomic.rmw.add (i32.const 0) (i32.const 1)))
    (drop (memory.atomic.notify (i32.const 0) (i32.const 64))))

  (func $start (param $kind i32) (param $value i32)
    (if (i32.lt_s
          (call $spawn (i32.or (i32.shl (local.get $kind) (i32.const 16)) (local.get $value)))
          (i32.const 0))
      (then unreachable)))

  (func $start_all (param $n i32) (param $kind i32) (param $value i32)
    (loop $again
      (if (i32.eqz (local.get $n)) (then (return)))
      (call $start (local.get $kind) (local.get $value))
      (local.set $n (i32.sub (local.get $n) (i32.const 1)))
      (br $again)))

  (func $join (param $n i32) (local $ended i32)
    (loop $again
      (local.set $ended (i32.atomic.load (i32.const 0)))
      (if (i32.ge_u (local.get $ended) (local.get $n)) (then (return)))
      (drop (memory.atomic.wait32 (i32.const 0) (local.get $ended) (i64.const -1)))
      (br $again)))

  ;; n threads of a kind; the hits when all have ended
  (func $run (export "run") (param $n i32) (param $kind i32) (param $value i32) (result i32)
    (call $start_all (local.get $n) (local.get $kind) (local.get $value))
    nop
    (call $join (local.get $n))
    (i32.atomic.load (i32.const 4)))

  ;; the same, then whether $count_until_gate counted right
  (func (export "run_counted") (param $n i32) (result i32)
    (drop (call $run (local.get $n) (i32.const 6) (i32.const 0)))
    (i32.eq (i32.load (i32.const 4)) (i32.load (i32.const 12))))

  ;; n threads that read, and one more: this one
  (func (export "all_read") (param $n i32)
    (call $start_all (local.get $n) (i32.const 8) (i32.const 0))
    (call $read (i32.const 0)))

  ;; two threads of two kinds
  (func (export "two") (param $kind i32) (param $other i32) (param $value i32)
    (call $start (local.get $kind) (i32.const 0))
    nop
    (call $start (local.get $other) (local.get $value))
    (call $join (i32.const 2)))
  (func (export "_start")))
