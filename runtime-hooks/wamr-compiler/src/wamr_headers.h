// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

// WAMR's compiler headers as C++ sees them: without warnings, and behind what they need.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpedantic"
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wunused-parameter"
#include "aot_compiler.h"
#include "aot_emit_aot_file.h"
#include "aot_llvm.h"
#include "debug/dwarf_extractor.h"
#include "wasm_export.h"
#pragma GCC diagnostic pop
