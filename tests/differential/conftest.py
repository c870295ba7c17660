# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Both clients' harnesses: LLDB's of tests/e2e and the debug adapter's of tests/dap."""
import pathlib
import sys

TESTS = pathlib.Path(__file__).resolve().parents[1]
for folder in ("e2e", "dap"):
    sys.path.insert(0, str(TESTS / folder))
