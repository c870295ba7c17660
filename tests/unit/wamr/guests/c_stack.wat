;; SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
;; What LLVM makes of C: frames in linear memory, below the stack pointer.
(module
  (memory (export "memory") 1)
  (global $__stack_pointer (mut i32) (i32.const 65536))

  ;; a frame larger than the red zone that is never stored: alloca() of a constant in a leaf
  (func $large_leaf (param $value i32) (result i32) (local $frame i32)
    (local.set $frame (i32.sub (global.get $__stack_pointer) (i32.const 4112)))
    (i32.store (local.get $frame) (local.get $value))
    (i32.load (local.get $frame)))

  ;; an array of variable length in a leaf
  (func $variable_leaf (param $size i32) (result i32) (local $array i32)
    (local.set $array (i32.sub (global.get $__stack_pointer) (local.get $size)))
    (i32.store (local.get $array) (local.get $size))
    (i32.load (local.get $array)))

  ;; overwrites the 8192 bytes below what is used
  (func $overwrite (param $with i32) (result i32) (local $frame i32) (local $i i32)
    (local.set $frame (i32.sub (global.get $__stack_pointer) (i32.const 8192)))
    (global.set $__stack_pointer (local.get $frame))
    (loop $more
      (i32.store (i32.add (local.get $frame) (local.get $i)) (local.get $with))
      (br_if $more
        (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 4))) (i32.const 8192))))
    (global.set $__stack_pointer (i32.add (local.get $frame) (i32.const 8192)))
    (local.get $i))

  (func $exhaust (param $left i32)
    (global.set $__stack_pointer (local.get $left)))

  (func $exhausted (export "exhausted") (result i32)
    (call $exhaust (i32.const 64))
    (global.get $__stack_pointer))

  (func $run (export "run") (result i32)
    (i32.add (call $large_leaf (i32.const 7)) (call $variable_leaf (i32.const 4096)))))
