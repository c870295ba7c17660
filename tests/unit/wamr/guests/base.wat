;; SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
;; Imported twice: by diamond and by middle; each has an instance of its own.
(module
  (memory (export "memory") 1)
  (global $count (mut i32) (i32.const 0))
  (func $bump (export "bump") (param $by i32) (result i32)
    (global.set $count (i32.add (global.get $count) (local.get $by)))
    global.get $count)
  (func $broken (export "broken") (param $mark i32)
    unreachable))
