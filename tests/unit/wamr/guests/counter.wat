;; SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
;; Its only global is none of C's.
(module
  (memory (export "memory") 1)
  (global $count (mut i32) (i32.const 0))
  (func $bump (param $by i32) (result i32)
    (global.set $count (i32.add (global.get $count) (local.get $by)))
    global.get $count)
  (func $run (export "run") (result i32)
    (call $bump (i32.const 1))))
