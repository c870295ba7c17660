// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/model/error.h>
#include <wdbg/model/value.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

struct WASMFuncType;
struct WASMModuleInstance;

/// What a function that runs for the debugger takes, gives and leaves as it was; interpreted or
/// compiled.
namespace wdbg::wamr {

inline constexpr std::size_t exception_size = 128; // WAMR's EXCEPTION_BUF_LEN

/// The arguments in WAMR's cells, with room for the results. InvalidArgument if they are not what
/// the function takes, Unsupported if it gives what is no number.
[[nodiscard]] Result<std::vector<std::uint32_t>> cells_for(const WASMFuncType* type,
                                                           const std::vector<Value>& arguments);
[[nodiscard]] std::vector<Value> results_of(const WASMFuncType* type,
                                            const std::vector<std::uint32_t>& cells);

/// Where C's stack pointer is while a function runs.
struct StackPointer {
    std::uint32_t global = 0;
    std::uint32_t value = 0;
};

/// The values of all globals that can change, to be put back.
class SavedGlobals {
  public:
    explicit SavedGlobals(const WASMModuleInstance* instance);

    void restore() const;
    /// What move_stack_pointer() has changed; the others keep what the function has made of them.
    void restore(const std::optional<StackPointer>& moved) const;

  private:
    struct Saved {
        std::uint32_t index = 0;
        std::size_t size = 0;
        std::array<std::uint8_t, 16> bytes{};
    };

    void restore_one(const Saved& saved) const;

    const WASMModuleInstance* instance_;
    std::vector<Saved> saved_;
};

/// The value of C's stack pointer; nullopt where the global cannot be that.
[[nodiscard]] std::optional<std::uint32_t> stack_pointer_value(const WASMModuleInstance* instance,
                                                               std::optional<std::uint32_t> global);

/// Below what the guest's frames may use: `kept` bytes. nullopt where the global cannot be C's
/// stack pointer, Unsupported where its stack has no room.
[[nodiscard]] Result<std::optional<StackPointer>> free_stack(const WASMModuleInstance* instance,
                                                             std::optional<std::uint32_t> global,
                                                             std::uint32_t kept);
void move_stack_pointer(const WASMModuleInstance* instance, const std::optional<StackPointer>& to);

/// For people.
[[nodiscard]] std::string reason_for(std::string_view exception);

} // namespace wdbg::wamr
