// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "fields.h"

/// The protocol's types ("Types" in its specification), with their names on the wire; what we
/// neither read nor write is left out.
// NOLINTBEGIN(readability-identifier-naming): the wire's spelling
namespace wdbg::dap::protocol {

template <class T>
using Optional = std::optional<T>;

struct Source {
    Optional<std::string> name{};
    Optional<std::string> path{};
    Optional<int> sourceReference{};
    Optional<std::string> presentationHint{}; ///< "deemphasize" …
    Optional<std::string> origin{};

    static constexpr auto fields() {
        return std::tuple(field("name", &Source::name), field("path", &Source::path),
                          field("sourceReference", &Source::sourceReference),
                          field("presentationHint", &Source::presentationHint),
                          field("origin", &Source::origin));
    }
};

struct SourceBreakpoint {
    std::int64_t line = 0;
    Optional<std::int64_t> column{};
    Optional<std::string> condition{};
    Optional<std::string> hitCondition{};
    Optional<std::string> logMessage{};

    static constexpr auto fields() {
        return std::tuple(field("line", &SourceBreakpoint::line),
                          field("column", &SourceBreakpoint::column),
                          field("condition", &SourceBreakpoint::condition),
                          field("hitCondition", &SourceBreakpoint::hitCondition),
                          field("logMessage", &SourceBreakpoint::logMessage));
    }
};

struct FunctionBreakpoint {
    std::string name{};
    Optional<std::string> condition{};
    Optional<std::string> hitCondition{};

    static constexpr auto fields() {
        return std::tuple(field("name", &FunctionBreakpoint::name),
                          field("condition", &FunctionBreakpoint::condition),
                          field("hitCondition", &FunctionBreakpoint::hitCondition));
    }
};

struct InstructionBreakpoint {
    std::string instructionReference{};
    Optional<std::int64_t> offset{};
    Optional<std::string> condition{};
    Optional<std::string> hitCondition{};

    static constexpr auto fields() {
        return std::tuple(
            field("instructionReference", &InstructionBreakpoint::instructionReference),
            field("offset", &InstructionBreakpoint::offset),
            field("condition", &InstructionBreakpoint::condition),
            field("hitCondition", &InstructionBreakpoint::hitCondition));
    }
};

struct DataBreakpoint {
    std::string dataId{};
    Optional<std::string> accessType{}; ///< "read", "write", "readWrite"
    Optional<std::string> condition{};
    Optional<std::string> hitCondition{};

    static constexpr auto fields() {
        return std::tuple(field("dataId", &DataBreakpoint::dataId),
                          field("accessType", &DataBreakpoint::accessType),
                          field("condition", &DataBreakpoint::condition),
                          field("hitCondition", &DataBreakpoint::hitCondition));
    }
};

struct Breakpoint {
    Optional<int> id{};
    bool verified = false;
    Optional<std::string> message{};
    Optional<Source> source{};
    Optional<std::int64_t> line{};
    Optional<std::int64_t> column{};
    Optional<std::string> instructionReference{};
    Optional<std::string> reason{}; ///< "pending", "failed"

    static constexpr auto fields() {
        return std::tuple(field("id", &Breakpoint::id), field("verified", &Breakpoint::verified),
                          field("message", &Breakpoint::message),
                          field("source", &Breakpoint::source), field("line", &Breakpoint::line),
                          field("column", &Breakpoint::column),
                          field("instructionReference", &Breakpoint::instructionReference),
                          field("reason", &Breakpoint::reason));
    }
};

struct BreakpointLocation {
    std::int64_t line = 0;
    Optional<std::int64_t> column{};

    static constexpr auto fields() {
        return std::tuple(field("line", &BreakpointLocation::line),
                          field("column", &BreakpointLocation::column));
    }
};

struct Thread {
    std::int64_t id = 0;
    std::string name{};

    static constexpr auto fields() {
        return std::tuple(field("id", &Thread::id), field("name", &Thread::name));
    }
};

struct StackFrame {
    std::int64_t id = 0;
    std::string name{};
    Optional<Source> source{};
    std::int64_t line = 0;
    std::int64_t column = 0;
    Optional<std::string> instructionPointerReference{};
    Optional<Json> moduleId{};
    Optional<std::string> presentationHint{}; ///< "normal", "label", "subtle"

    static constexpr auto fields() {
        return std::tuple(
            field("id", &StackFrame::id), field("name", &StackFrame::name),
            field("source", &StackFrame::source), field("line", &StackFrame::line),
            field("column", &StackFrame::column),
            field("instructionPointerReference", &StackFrame::instructionPointerReference),
            field("moduleId", &StackFrame::moduleId),
            field("presentationHint", &StackFrame::presentationHint));
    }
};

struct Scope {
    std::string name{};
    Optional<std::string> presentationHint{}; ///< "arguments", "locals", "registers"
    std::int64_t variablesReference = 0;
    Optional<std::int64_t> namedVariables{};
    Optional<std::int64_t> indexedVariables{};
    bool expensive = false;

    static constexpr auto fields() {
        return std::tuple(field("name", &Scope::name),
                          field("presentationHint", &Scope::presentationHint),
                          field("variablesReference", &Scope::variablesReference),
                          field("namedVariables", &Scope::namedVariables),
                          field("indexedVariables", &Scope::indexedVariables),
                          field("expensive", &Scope::expensive));
    }
};

struct VariablePresentationHint {
    Optional<std::string> kind{};
    Optional<std::vector<std::string>> attributes{};
    Optional<bool> lazy{};

    static constexpr auto fields() {
        return std::tuple(field("kind", &VariablePresentationHint::kind),
                          field("attributes", &VariablePresentationHint::attributes),
                          field("lazy", &VariablePresentationHint::lazy));
    }
};

struct Variable {
    std::string name{};
    std::string value{};
    Optional<std::string> type{};
    Optional<VariablePresentationHint> presentationHint{};
    Optional<std::string> evaluateName{};
    std::int64_t variablesReference = 0;
    Optional<std::int64_t> namedVariables{};
    Optional<std::int64_t> indexedVariables{};
    Optional<std::string> memoryReference{};
    Optional<std::int64_t> declarationLocationReference{};
    Optional<std::int64_t> valueLocationReference{};

    static constexpr auto fields() {
        return std::tuple(
            field("name", &Variable::name), field("value", &Variable::value),
            field("type", &Variable::type), field("presentationHint", &Variable::presentationHint),
            field("evaluateName", &Variable::evaluateName),
            field("variablesReference", &Variable::variablesReference),
            field("namedVariables", &Variable::namedVariables),
            field("indexedVariables", &Variable::indexedVariables),
            field("memoryReference", &Variable::memoryReference),
            field("declarationLocationReference", &Variable::declarationLocationReference),
            field("valueLocationReference", &Variable::valueLocationReference));
    }
};

struct Module {
    Json id{};
    std::string name{};
    Optional<std::string> path{};
    Optional<std::string> symbolStatus{};
    Optional<std::string> symbolFilePath{};
    Optional<std::string> addressRange{};

    static constexpr auto fields() {
        return std::tuple(field("id", &Module::id), field("name", &Module::name),
                          field("path", &Module::path),
                          field("symbolStatus", &Module::symbolStatus),
                          field("symbolFilePath", &Module::symbolFilePath),
                          field("addressRange", &Module::addressRange));
    }
};

struct DisassembledInstruction {
    std::string address{};
    Optional<std::string> instructionBytes{};
    std::string instruction{};
    Optional<std::string> symbol{};
    Optional<Source> location{};
    Optional<std::int64_t> line{};
    Optional<std::int64_t> column{};
    Optional<std::string> presentationHint{}; ///< "invalid"

    static constexpr auto fields() {
        return std::tuple(field("address", &DisassembledInstruction::address),
                          field("instructionBytes", &DisassembledInstruction::instructionBytes),
                          field("instruction", &DisassembledInstruction::instruction),
                          field("symbol", &DisassembledInstruction::symbol),
                          field("location", &DisassembledInstruction::location),
                          field("line", &DisassembledInstruction::line),
                          field("column", &DisassembledInstruction::column),
                          field("presentationHint", &DisassembledInstruction::presentationHint));
    }
};

struct ExceptionFilter {
    std::string filter{};
    std::string label{};
    Optional<std::string> description{};
    Optional<bool> default_{};
    Optional<bool> supportsCondition{};

    static constexpr auto fields() {
        return std::tuple(field("filter", &ExceptionFilter::filter),
                          field("label", &ExceptionFilter::label),
                          field("description", &ExceptionFilter::description),
                          field("default", &ExceptionFilter::default_),
                          field("supportsCondition", &ExceptionFilter::supportsCondition));
    }
};

struct StepInTarget {
    std::int64_t id = 0;
    std::string label{};
    Optional<std::int64_t> line{};
    Optional<std::int64_t> column{};

    static constexpr auto fields() {
        return std::tuple(field("id", &StepInTarget::id), field("label", &StepInTarget::label),
                          field("line", &StepInTarget::line),
                          field("column", &StepInTarget::column));
    }
};

struct GotoTarget {
    std::int64_t id = 0;
    std::string label{};
    std::int64_t line = 0;
    Optional<std::int64_t> column{};
    Optional<std::string> instructionPointerReference{};

    static constexpr auto fields() {
        return std::tuple(
            field("id", &GotoTarget::id), field("label", &GotoTarget::label),
            field("line", &GotoTarget::line), field("column", &GotoTarget::column),
            field("instructionPointerReference", &GotoTarget::instructionPointerReference));
    }
};

struct CompletionItem {
    std::string label{};
    Optional<std::string> text{};
    Optional<std::string> type{};
    Optional<std::int64_t> start{};
    Optional<std::int64_t> length{};

    static constexpr auto fields() {
        return std::tuple(
            field("label", &CompletionItem::label), field("text", &CompletionItem::text),
            field("type", &CompletionItem::type), field("start", &CompletionItem::start),
            field("length", &CompletionItem::length));
    }
};

struct ValueFormat {
    Optional<bool> hex{};

    static constexpr auto fields() { return std::tuple(field("hex", &ValueFormat::hex)); }
};

} // namespace wdbg::dap::protocol

// NOLINTEND(readability-identifier-naming)
