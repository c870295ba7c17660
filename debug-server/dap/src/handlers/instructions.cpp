// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Instructions of wasm and of the machine: disassemble, wdbg/nativeCode.
#include "../disassembly.h"
#include "../protocol/state_requests.h"
#include "../references.h"
#include "../session.h"
#include "../wasm_text.h"
#include "handlers.h"

#include <wdbg/model/hex.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

namespace wdbg::dap {

namespace {

using namespace protocol;

std::string hex_address(NativeAddress address) {
    return "0x" + hex_of(address.value);
}

/// The machine code of wasm instructions, function by function as they are asked for.
class NativeTexts {
  public:
    explicit NativeTexts(Session& session)
        : session_(session)
        , support_(session.level().debuggee().native_code()) {}

    /// "mov eax, ecx; add eax, 0x1"; empty where there is none.
    std::string at(CodeAddress address) {
        if (support_ == nullptr) {
            return {};
        }
        const auto module =
            session_.listings().module(session_.level().debuggee(), address.instance);
        const wasm::FunctionBody* const body =
            module ? (*module)->function_containing(address.offset) : nullptr;
        if (body != nullptr && seen_.insert({address.instance, body->index}).second) {
            add_function(address);
        }
        const auto found = texts_.find(address);
        return found != texts_.end() ? found->second : std::string();
    }

  private:
    /// A function without code, or code without a debug file, has none to show.
    void add_function(CodeAddress address) {
        const auto code = support_->native_code(address);
        if (!code) {
            return;
        }
        for (const NativeInstruction& each : *code) {
            if (each.wasm) {
                std::string& text = texts_[*each.wasm];
                text += (text.empty() ? "" : "; ") + each.text;
            }
        }
    }

    Session& session_;
    NativeCodeSupport* support_;
    std::set<std::pair<InstanceId, std::uint32_t>> seen_;
    std::map<CodeAddress, std::string> texts_;
};

/// Of native or wasm instructions.
void add_line(Session& session, CodeAddress address, dwarf::SourceLocation& last,
              DisassembledInstruction& result) {
    const dwarf::SourceLocation location = session.level().location_of(address);
    if (location.line != 0 && location.line != last.line) {
        result.location = source_of(session.breakpoints().client_path(location.file));
        result.line = session.client().to_client_line(location.line);
    }
    last = location;
}

class Disassemble final : public RequestHandler<DisassembleArguments, DisassembleBody> {
  public:
    Disassemble() : RequestHandler("disassemble", Needs::Stopped, "supportsDisassembleRequest") {}

  protected:
    Result<DisassembleBody> run(Session& session, const DisassembleArguments& args) override {
        const auto reference = parse_reference(args.memoryReference, args.offset.value_or(0));
        if (!reference) {
            return std::unexpected(reference.error());
        }
        constexpr std::int64_t most = 100'000;
        if (args.instructionCount < 0 || args.instructionCount > most) {
            return fail(ErrorCode::InvalidArgument, "instructionCount: expected 0 to 100000");
        }
        const std::int64_t skip = args.instructionOffset.value_or(0);
        const auto count = static_cast<std::size_t>(args.instructionCount);
        if (const auto* code = std::get_if<CodeAddress>(&*reference)) {
            return wasm_code(session, *code, skip, count);
        }
        if (const auto* native = std::get_if<NativeAddress>(&*reference)) {
            return native_code(session, *native, skip, count);
        }
        return fail(ErrorCode::InvalidArgument, args.memoryReference + " is no address of code");
    }

  private:
    static Result<DisassembleBody> wasm_code(Session& session, CodeAddress address,
                                             std::int64_t skip, std::size_t count) {
        const auto module = session.listings().module(session.level().debuggee(), address.instance);
        if (!module) {
            return std::unexpected(module.error());
        }
        NativeTexts native(session);
        DisassembleBody body;
        dwarf::SourceLocation last;
        for (const DisassemblyLine& line : disassemble(**module, address.offset, skip, count)) {
            const CodeAddress at{.instance = address.instance, .offset = line.offset};
            DisassembledInstruction& result = body.instructions.emplace_back();
            result = {.address = reference_of(at), .instruction = line.text};
            if (!line.valid) {
                result.presentationHint = "invalid";
                continue;
            }
            if (const std::string text = native.at(at); !text.empty()) {
                result.instruction += "  ; " + text;
            }
            result.instructionBytes = line.bytes;
            if (!line.symbol.empty()) {
                result.symbol = line.symbol;
            }
            add_line(session, at, last, result);
        }
        return body;
    }

    /// The native function around the address; nothing is told beyond its ends.
    static Result<DisassembleBody> native_code(Session& session, NativeAddress address,
                                               std::int64_t skip, std::size_t count) {
        NativeCodeSupport* const support = session.level().debuggee().native_code();
        if (support == nullptr) {
            return fail(ErrorCode::Unsupported, "the guest does not run native code");
        }
        const auto code = support->native_function(address);
        if (!code) {
            return std::unexpected(code.error());
        }
        const auto from = std::ranges::lower_bound(*code, address, {}, &NativeInstruction::address);
        std::int64_t index = (from - code->begin()) + skip;
        DisassembleBody body;
        dwarf::SourceLocation last;
        for (std::size_t i = 0; i < count; ++i, ++index) {
            const bool there = index >= 0 && std::cmp_less(index, code->size());
            body.instructions.push_back(
                there ? describe(session, (*code)[static_cast<std::size_t>(index)], last)
                      : DisassembledInstruction{.address = reference_of(address),
                                                .instruction = "(no code)",
                                                .presentationHint = "invalid"});
        }
        return body;
    }

    static DisassembledInstruction describe(Session& session, const NativeInstruction& instruction,
                                            dwarf::SourceLocation& last) {
        DisassembledInstruction result{.address = reference_of(instruction.address),
                                       .instructionBytes = bytes_text(instruction.bytes),
                                       .instruction = instruction.text};
        if (!instruction.symbol.empty()) {
            result.symbol = instruction.symbol;
        }
        if (instruction.wasm) {
            add_line(session, *instruction.wasm, last, result);
        }
        return result;
    }
};

/// Rows of native code with what each comes from.
class NativeRows {
  public:
    explicit NativeRows(Session& session) : session_(session) {}

    void add(const NativeInstruction& instruction) {
        NativeRow& row = body.rows.emplace_back();
        row = {.address = hex_address(instruction.address),
               .reference = reference_of(instruction.address),
               .bytes = bytes_text(instruction.bytes),
               .instruction = instruction.text};
        if (!instruction.symbol.empty()) {
            row.symbol = instruction.symbol;
        }
        if (instruction.wasm && instruction.wasm != last_) {
            add_wasm(*instruction.wasm, row);
        }
        last_ = instruction.wasm;
    }

    NativeCodeBody body;

  private:
    void add_wasm(CodeAddress address, NativeRow& row) {
        row.wasmReference = reference_of(address);
        const auto module =
            session_.listings().module(session_.level().debuggee(), address.instance);
        const wasm::FunctionBody* const function =
            module ? (*module)->function_containing(address.offset) : nullptr;
        if (function != nullptr && address.offset < function->first_instruction) {
            row.wasm = "(entry)";
        } else if (function != nullptr) {
            const auto instruction = wasm::decode((*module)->bytes(), address.offset);
            row.wasm = instruction ? instruction_text(**module, *instruction) : "?";
        }
        const dwarf::SourceLocation location = session_.level().location_of(address);
        if (location.line != 0) {
            row.source = source_index(location.file);
            row.line = session_.client().to_client_line(location.line);
        }
    }

    std::int64_t source_index(const std::string& file) {
        const auto [found, is_new] =
            sources_.try_emplace(file, static_cast<std::int64_t>(body.sources.size()));
        if (is_new) {
            body.sources.push_back(source_of(session_.breakpoints().client_path(file)));
        }
        return found->second;
    }

    Session& session_;
    std::optional<CodeAddress> last_;
    std::map<std::string, std::int64_t> sources_;
};

class NativeCode final : public RequestHandler<NativeCodeArguments, NativeCodeBody> {
  public:
    NativeCode() : RequestHandler("wdbg/nativeCode", Needs::Stopped, "supportsWdbgNativeCode") {}

  protected:
    Result<NativeCodeBody> run(Session& session, const NativeCodeArguments& args) override {
        NativeCodeSupport* const support = session.level().debuggee().native_code();
        if (support == nullptr) {
            return fail(ErrorCode::Unsupported,
                        "the guest is interpreted, or its debug server does not show native code");
        }
        const auto frame = session.level().frame_place(
            source::FrameHandle{static_cast<std::uint32_t>(args.frameId)});
        if (!frame) {
            return std::unexpected(frame.error());
        }
        const auto pc = support->native_pc(frame->thread, frame->frame);
        if (!pc) {
            return std::unexpected(pc.error());
        }
        // A call that does not return may be a function's last instruction.
        const NativeAddress inside{pc->value - (frame->pc_is_return_address ? 1 : 0)};
        const auto code = support->native_function(inside);
        if (!code) {
            return std::unexpected(code.error());
        }
        return rows(session, *code, *pc, args.limit.value_or(0));
    }

  private:
    static NativeCodeBody rows(Session& session, const std::vector<NativeInstruction>& code,
                               NativeAddress pc, std::int64_t limit) {
        constexpr std::int64_t usual = 2000;
        const auto total = static_cast<std::int64_t>(code.size());
        const std::int64_t most = std::min(limit > 0 ? limit : usual, total);
        const auto next = std::ranges::lower_bound(code, pc, {}, &NativeInstruction::address);
        const std::int64_t at = std::clamp<std::int64_t>(next - code.begin(), 0, total - 1);
        const std::int64_t first = std::clamp<std::int64_t>(at - most / 2, 0, total - most);
        NativeRows rows(session);
        rows.body.function = code.front().symbol;
        rows.body.pcRow = at - first;
        rows.body.firstRow = first;
        rows.body.totalRows = total;
        for (std::int64_t i = first; i < first + most; ++i) {
            rows.add(code[static_cast<std::size_t>(i)]);
        }
        return std::move(rows.body);
    }
};

} // namespace

void add_instruction_handlers(Handlers& handlers) {
    add<Disassemble, NativeCode>(handlers);
}

} // namespace wdbg::dap
