// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/agent/opcodes.h>
#include <wdbg/model/error.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace wdbg::agent {

/// A program that verify() has found sound: it ends, its stack neither under- nor overflows, its
/// jumps go forwards to instructions. Immutable; any thread may evaluate it.
class Program {
  public:
    /// Malformed, with the offset in `bytes`, for what is not sound or not taken.
    [[nodiscard]] static Result<Program> verify(std::span<const std::uint8_t> bytes);
    /// All of them, or the first one's error.
    [[nodiscard]] static Result<std::vector<Program>>
    verify_all(std::span<const std::vector<std::uint8_t>> programs);

    [[nodiscard]] std::span<const std::uint8_t> bytes() const noexcept { return bytes_; }

    /// The wasm values that it may read, in the order of its instructions.
    [[nodiscard]] std::vector<RegisterNumber> registers() const;

  private:
    explicit Program(std::span<const std::uint8_t> bytes) : bytes_(bytes.begin(), bytes.end()) {}

    std::vector<std::uint8_t> bytes_;
};

/// The variables that all programs of a target share; 0 at first.
class Variables {
  public:
    /// `number` < variable_limit, as in all verified programs; others read as 0 and keep nothing.
    [[nodiscard]] std::int64_t get(std::uint16_t number) const noexcept;
    void set(std::uint16_t number, std::int64_t value) noexcept;
    /// The value after adding 1.
    std::int64_t count(std::uint16_t number) noexcept;

    /// For code that does these. `number` < variable_limit.
    [[nodiscard]] std::atomic<std::int64_t>& at(std::uint16_t number) { return values_.at(number); }

    /// For numbers from outside: OutOfRange for those from variable_limit on.
    [[nodiscard]] Result<std::int64_t> checked_get(std::uint16_t number) const;
    Result<void> checked_set(std::uint16_t number, std::int64_t value);

  private:
    std::array<std::atomic<std::int64_t>, variable_limit> values_{};
};

/// What a program sees of the thread that was hit, before the instruction there. The functions are
/// called on the evaluating thread and must be async-signal-safe where evaluate() must be.
struct Surroundings {
    void* context = nullptr; ///< given to the functions
    /// False if there is no such value or it is not known. Zero-extended; of a float its bits.
    bool (*read_register)(void* context, RegisterNumber number, std::uint64_t& value) = nullptr;
    /// `size` bytes at an offset in memory 0; false if not all of them exist.
    bool (*read_memory)(void* context, std::uint64_t offset, void* into,
                        std::size_t size) = nullptr;
    Variables* variables = nullptr; ///< never null
};

enum class Fault : std::uint8_t { None, NoRegister, NoMemory, DivisionByZero };

struct Outcome {
    Fault fault = Fault::None;
    std::int64_t value = 0; ///< the top of the stack at `end`; 0 with a fault

    /// A fault counts as true: a stop is better than a breakpoint that silently never stops.
    [[nodiscard]] bool holds() const noexcept { return fault != Fault::None || value != 0; }
};

/// Runs the program: at most one step per instruction, no allocation, no lock, no system call of
/// its own. Async-signal-safe as far as `surroundings` is.
[[nodiscard]] Outcome evaluate(const Program& program, const Surroundings& surroundings) noexcept;

} // namespace wdbg::agent
