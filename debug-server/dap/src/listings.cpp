// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "listings.h"

#include "wasm_text.h"

#include <algorithm>

namespace wdbg::dap {

namespace {

using wasm::Opcode;

bool opens(Opcode opcode) {
    return opcode == Opcode::Block || opcode == Opcode::Loop || opcode == Opcode::If ||
           opcode == Opcode::Else || opcode == Opcode::Try || opcode == Opcode::TryTable ||
           opcode == Opcode::Catch || opcode == Opcode::CatchAll;
}

bool closes(Opcode opcode) {
    return opcode == Opcode::End || opcode == Opcode::Else || opcode == Opcode::Catch ||
           opcode == Opcode::CatchAll || opcode == Opcode::Delegate;
}

std::string locals_line(const wasm::Module& module, const wasm::FunctionBody& body) {
    std::string text;
    constexpr std::uint32_t shown = 64;
    for (const wasm::LocalRun& run : module.local_runs(body)) {
        for (std::uint32_t i = 0; i < std::min(run.count, shown); ++i) {
            text += " " + std::string(type_text(run.type));
        }
        text += run.count > shown ? " …" : "";
    }
    return text.empty() ? text : "  (local" + text + ")\n";
}

void add_instructions(Listings::Listing& listing, const wasm::Module& module,
                      const wasm::FunctionBody& body) {
    std::size_t depth = 1;
    CodeOffset at = body.first_instruction;
    while (at < body.end) {
        const auto instruction = wasm::decode(module.bytes().first(body.end.value), at);
        if (!instruction) {
            listing.text += "  ;; " + instruction.error().message + "\n";
            return;
        }
        depth -= closes(instruction->opcode) && depth > 1 ? 1 : 0;
        const bool last = instruction->end() == body.end;
        constexpr std::size_t deepest = 40;
        listing.text += std::string(2 * std::min(last ? 0 : depth, deepest), ' ');
        listing.text += instruction_text(module, *instruction) + "\n";
        listing.lines.push_back(at);
        depth += opens(instruction->opcode) ? 1 : 0;
        at = instruction->end();
    }
}

} // namespace

void Listings::reset() {
    modules_.clear();
    first_reference_ += static_cast<int>(listings_.size());
    listings_.clear();
}

Result<const wasm::Module*> Listings::module(Debuggee& debuggee, InstanceId instance) {
    const auto bytes = debuggee.code(instance);
    if (!bytes) {
        return std::unexpected(bytes.error());
    }
    const auto known = modules_.find(instance);
    if (known != modules_.end() && known->second.size == bytes->size()) {
        return known->second.module.get();
    }
    Result<wasm::Module> parsed = wasm::Module::parse_owned({bytes->begin(), bytes->end()});
    if (!parsed) {
        return std::unexpected(parsed.error());
    }
    Loaded& loaded = modules_[instance];
    loaded = {.module = std::make_unique<wasm::Module>(std::move(*parsed)), .size = bytes->size()};
    return loaded.module.get();
}

Result<int> Listings::at(Debuggee& debuggee, CodeAddress address) {
    const auto parsed = module(debuggee, address.instance);
    if (!parsed) {
        return std::unexpected(parsed.error());
    }
    const wasm::FunctionBody* body = (*parsed)->function_containing(address.offset);
    if (body == nullptr) {
        return fail(ErrorCode::NotFound, "no function is at this address");
    }
    for (std::size_t i = 0; i < listings_.size(); ++i) {
        if (listings_[i].instance == address.instance && listings_[i].function == body->index) {
            return first_reference_ + static_cast<int>(i);
        }
    }
    Listing listing{.instance = address.instance, .function = body->index};
    listing.name = (*parsed)->function_name(body->index) + ".wat";
    listing.text = function_header(**parsed, body->index) + "\n";
    const std::string locals = locals_line(**parsed, *body);
    listing.text += locals;
    listing.first_line = locals.empty() ? 2 : 3;
    add_instructions(listing, **parsed, *body);
    listing.text += ")\n";
    listings_.push_back(std::move(listing));
    return first_reference_ + static_cast<int>(listings_.size()) - 1;
}

const Listings::Listing* Listings::find(int reference) const {
    const auto index = static_cast<std::size_t>(reference - first_reference_);
    return reference < first_reference_ || index >= listings_.size() ? nullptr : &listings_[index];
}

std::uint32_t Listings::line_of(const Listing& listing, CodeOffset offset) {
    const auto next = std::ranges::upper_bound(listing.lines, offset);
    if (next == listing.lines.begin()) {
        return listing.lines.empty() ? 0 : listing.first_line;
    }
    return listing.first_line + static_cast<std::uint32_t>(next - listing.lines.begin()) - 1;
}

std::optional<CodeOffset> Listings::offset_of(const Listing& listing, std::uint32_t line) {
    const std::size_t index = line < listing.first_line ? 0 : line - listing.first_line;
    return index < listing.lines.size() ? std::optional(listing.lines[index]) : std::nullopt;
}

protocol::Source Listings::source_of(const Listing& listing, int reference) {
    return {.name = listing.name, .sourceReference = reference, .origin = "WebAssembly"};
}

} // namespace wdbg::dap
