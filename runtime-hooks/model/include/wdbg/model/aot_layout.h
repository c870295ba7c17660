// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <cstdint>

/// Where WAMR 2.4 keeps what AOT code works on. Compiled code has these offsets built in, so they
/// are part of the .aot format: the same for 32-bit and 64-bit targets (pointers take 8 bytes),
/// where not said otherwise. runtime-hooks/wamr checks them against WAMR's headers.
namespace wdbg::aot_layout {

/// AOTModuleInstance.
inline constexpr std::uint32_t instance_memory_count = 4; ///< u32
inline constexpr std::uint32_t instance_memories = 8;     ///< pointer to pointers of the target
inline constexpr std::uint32_t instance_global_size = 16; ///< u32, bytes
inline constexpr std::uint32_t instance_table_count = 20; ///< u32
inline constexpr std::uint32_t instance_globals = 24;     ///< pointer to the values, packed
inline constexpr std::uint32_t instance_tables = 32;      ///< pointer to pointers of the target
inline constexpr std::uint32_t instance_module = 232;     ///< pointer to the AOTModule

/// AOTMemoryInstance.
inline constexpr std::uint32_t memory_is_shared = 4; ///< u8
inline constexpr std::uint32_t memory_size = 24;     ///< u64, bytes
inline constexpr std::uint32_t memory_data = 32;     ///< pointer

/// AOTTableInstance. An element is as wide as a pointer of the target and holds a function index.
inline constexpr std::uint32_t table_element_type = 0; ///< u8, the binary format's number
inline constexpr std::uint32_t table_size = 16;        ///< u32, elements
inline constexpr std::uint32_t table_elements = 24;
inline constexpr std::uint32_t null_element = 0xFFFFFFFF;

/// WASMExecEnv: in pointers of the target.
inline constexpr std::uint32_t exec_env_instance = 2;

} // namespace wdbg::aot_layout
