// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <wdbg/agent/program.h>

#include <optional>
#include <string>
#include <utility>

namespace wdbg::agent {

namespace {

/// One pass from front to back is enough: jumps only go forwards.
class Verifier {
  public:
    explicit Verifier(std::span<const std::uint8_t> bytes)
        : bytes_(bytes)
        , depth_at_(bytes.size()) {}

    Result<void> run() {
        if (bytes_.empty() || bytes_.size() > program_limit) {
            return problem("it must have 1 to " + std::to_string(program_limit) + " bytes");
        }
        depth_at_[0] = 0;
        for (at_ = 0; at_ < bytes_.size();) {
            if (const auto step = take_instruction(); !step) {
                return step;
            }
        }
        if (depth_) {
            return problem("the end is reached without `end`");
        }
        return {};
    }

  private:
    [[nodiscard]] std::unexpected<Error> problem(const std::string& what) const {
        return fail(ErrorCode::Malformed,
                    "agent expression, byte " + std::to_string(at_) + ": " + what);
    }

    /// The depth in front of the instruction at at_, from the one before it and from jumps.
    Result<void> join() {
        const auto& jumped = depth_at_[at_];
        if (depth_ && jumped && *depth_ != *jumped) {
            return problem("the stack's depth depends on the way here");
        }
        if (jumped) {
            depth_ = jumped;
        }
        if (!depth_) {
            return problem("no way leads here");
        }
        return {};
    }

    Result<void> take_instruction() {
        if (auto joined = at_ == 0 ? first() : join(); !joined) {
            return joined;
        }
        const Shape& shape = shape_of(bytes_[at_]);
        if (!shape.known) {
            return problem("opcode " + std::to_string(bytes_[at_]) + " is not supported");
        }
        if (bytes_.size() - at_ <= shape.operand_bytes) {
            return problem("its operand is cut off");
        }
        if (*depth_ < shape.needs) {
            return problem("the stack has too few values");
        }
        *depth_ = static_cast<std::size_t>(static_cast<std::ptrdiff_t>(*depth_) + shape.grows);
        if (*depth_ > stack_limit) {
            return problem("more than " + std::to_string(stack_limit) + " values on the stack");
        }
        const std::size_t next = at_ + 1 + shape.operand_bytes;
        if (auto sound = check_operand(static_cast<Opcode>(bytes_[at_]), next); !sound) {
            return sound;
        }
        for (std::size_t inside = at_ + 1; inside < next; ++inside) {
            if (depth_at_[inside]) {
                return problem("a jump goes into the middle of this instruction");
            }
        }
        at_ = next;
        return {};
    }

    Result<void> first() {
        depth_ = 0;
        return {};
    }

    Result<void> check_operand(Opcode opcode, std::size_t next) {
        switch (opcode) {
        case Opcode::End:
            depth_.reset();
            return {};
        case Opcode::Goto:
        case Opcode::IfGoto:
            return check_jump(opcode, next);
        case Opcode::SignExtend:
        case Opcode::ZeroExtend:
            return bytes_[at_ + 1] >= 1 && bytes_[at_ + 1] <= 64 ? Result<void>{}
                                                                 : problem("1 to 64 bits");
        case Opcode::Pick: // the copy is on the stack already
            return bytes_[at_ + 1] + 1U < *depth_ ? Result<void>{} : problem("no such value");
        case Opcode::Register:
            return bytes_[at_ + 1] >> 6 < 3 ? Result<void>{} : problem("no such register");
        case Opcode::GetVariable:
        case Opcode::SetVariable:
        case Opcode::Count:
            return operand() < variable_limit ? Result<void>{} : problem("no such variable");
        default:
            return {};
        }
    }

    Result<void> check_jump(Opcode opcode, std::size_t next) {
        const std::size_t target = operand();
        if (target < next || target >= bytes_.size()) {
            return problem("jumps must go forwards, and within the program");
        }
        auto& there = depth_at_[target];
        if (there && *there != *depth_) {
            return problem("the stack's depth depends on the way to byte " +
                           std::to_string(target));
        }
        there = depth_;
        if (opcode == Opcode::Goto) {
            depth_.reset();
        }
        return {};
    }

    [[nodiscard]] std::uint16_t operand() const {
        return static_cast<std::uint16_t>(bytes_[at_ + 1] << 8 | bytes_[at_ + 2]);
    }

    std::span<const std::uint8_t> bytes_;
    std::vector<std::optional<std::size_t>> depth_at_; ///< by byte; of jumps' targets
    std::optional<std::size_t> depth_;                 ///< none behind `end` and `goto`
    std::size_t at_ = 0;
};

} // namespace

Result<Program> Program::verify(std::span<const std::uint8_t> bytes) {
    if (const auto sound = Verifier(bytes).run(); !sound) {
        return std::unexpected(sound.error());
    }
    return Program(bytes);
}

Result<std::vector<Program>>
Program::verify_all(std::span<const std::vector<std::uint8_t>> programs) {
    std::vector<Program> verified;
    for (const std::vector<std::uint8_t>& bytes : programs) {
        auto program = verify(bytes);
        if (!program) {
            return std::unexpected(program.error());
        }
        verified.push_back(std::move(*program));
    }
    return verified;
}

std::vector<RegisterNumber> Program::registers() const {
    std::vector<RegisterNumber> found;
    for (std::size_t at = 0; at < bytes_.size();) {
        if (bytes_[at] == static_cast<std::uint8_t>(Opcode::Register)) {
            found.push_back(
                decode_register(static_cast<std::uint16_t>(bytes_[at + 1] << 8 | bytes_[at + 2])));
        }
        at += std::size_t{1} + shape_of(bytes_[at]).operand_bytes;
    }
    return found;
}

} // namespace wdbg::agent
