# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What the end-to-end tests share: guests, LLDB sessions, markers, expected differences."""
