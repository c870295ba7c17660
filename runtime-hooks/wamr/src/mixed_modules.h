/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#pragma once

#ifdef __cplusplus
extern "C" {
#endif

/* A module imports from the one with this name, which is loaded and of the other kind. */
void wdbg_wants_other_kind(const char* name);

#ifdef __cplusplus
}
#endif
