# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A typed client of the Debug Adapter Protocol, and what its tests share."""
