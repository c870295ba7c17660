;; SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
(module
  (func (export "run")
    (drop (i8x16.splat (i32.const 1)))))
