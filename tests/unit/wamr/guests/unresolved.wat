;; SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
(module
  (import "nowhere" "to_be_found" (func $f))
  (memory (export "memory") 1)
  (func (export "_start") call $f))
