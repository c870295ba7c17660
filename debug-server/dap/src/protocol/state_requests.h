// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "types.h"

/// Arguments and bodies of the requests about a stopped guest, with their names on the wire.
// NOLINTBEGIN(readability-identifier-naming): the wire's spelling
namespace wdbg::dap::protocol {

// --- State ---------------------------------------------------------------------------------------

struct ThreadsBody {
    std::vector<Thread> threads{};

    static constexpr auto fields() { return std::tuple(field("threads", &ThreadsBody::threads)); }
};

struct StackTraceArguments {
    std::int64_t threadId = 0;
    Optional<std::uint32_t> startFrame{};
    Optional<std::uint32_t> levels{}; ///< 0 or none: all

    static constexpr auto fields() {
        return std::tuple(field("threadId", &StackTraceArguments::threadId),
                          field("startFrame", &StackTraceArguments::startFrame),
                          field("levels", &StackTraceArguments::levels));
    }
};

struct StackTraceBody {
    std::vector<StackFrame> stackFrames{};
    Optional<std::int64_t> totalFrames{};

    static constexpr auto fields() {
        return std::tuple(field("stackFrames", &StackTraceBody::stackFrames),
                          field("totalFrames", &StackTraceBody::totalFrames));
    }
};

struct ScopesBody {
    std::vector<Scope> scopes{};

    static constexpr auto fields() { return std::tuple(field("scopes", &ScopesBody::scopes)); }
};

struct VariablesArguments {
    std::int64_t variablesReference = 0;
    Optional<std::string> filter{}; ///< "indexed", "named"
    Optional<std::uint64_t> start{};
    Optional<std::uint64_t> count{};
    Optional<ValueFormat> format{};

    static constexpr auto fields() {
        using Self = VariablesArguments;
        return std::tuple(field("variablesReference", &Self::variablesReference),
                          field("filter", &Self::filter), field("start", &Self::start),
                          field("count", &Self::count), field("format", &Self::format));
    }
};

struct VariablesBody {
    std::vector<Variable> variables{};

    static constexpr auto fields() {
        return std::tuple(field("variables", &VariablesBody::variables));
    }
};

struct SetVariableArguments {
    std::int64_t variablesReference = 0;
    std::string name{};
    std::string value{};
    Optional<ValueFormat> format{};

    static constexpr auto fields() {
        using Self = SetVariableArguments;
        return std::tuple(field("variablesReference", &Self::variablesReference),
                          field("name", &Self::name), field("value", &Self::value),
                          field("format", &Self::format));
    }
};

struct SetExpressionArguments {
    std::string expression{};
    std::string value{};
    Optional<std::int64_t> frameId{};
    Optional<ValueFormat> format{};

    static constexpr auto fields() {
        using Self = SetExpressionArguments;
        return std::tuple(field("expression", &Self::expression), field("value", &Self::value),
                          field("frameId", &Self::frameId), field("format", &Self::format));
    }
};

/// Body of setVariable and setExpression.
struct SetValueBody {
    std::string value{};
    Optional<std::string> type{};
    std::int64_t variablesReference = 0;
    Optional<std::int64_t> namedVariables{};
    Optional<std::int64_t> indexedVariables{};
    Optional<std::string> memoryReference{};

    static constexpr auto fields() {
        using Self = SetValueBody;
        return std::tuple(field("value", &Self::value), field("type", &Self::type),
                          field("variablesReference", &Self::variablesReference),
                          field("namedVariables", &Self::namedVariables),
                          field("indexedVariables", &Self::indexedVariables),
                          field("memoryReference", &Self::memoryReference));
    }
};

struct EvaluateArguments {
    std::string expression{};
    Optional<std::int64_t> frameId{};
    Optional<std::string> context{}; ///< "watch", "repl", "hover", "clipboard", "variables"
    Optional<ValueFormat> format{};

    static constexpr auto fields() {
        return std::tuple(field("expression", &EvaluateArguments::expression),
                          field("frameId", &EvaluateArguments::frameId),
                          field("context", &EvaluateArguments::context),
                          field("format", &EvaluateArguments::format));
    }
};

struct EvaluateBody {
    std::string result{};
    Optional<std::string> type{};
    Optional<VariablePresentationHint> presentationHint{};
    std::int64_t variablesReference = 0;
    Optional<std::int64_t> namedVariables{};
    Optional<std::int64_t> indexedVariables{};
    Optional<std::string> memoryReference{};

    static constexpr auto fields() {
        using Self = EvaluateBody;
        return std::tuple(field("result", &Self::result), field("type", &Self::type),
                          field("presentationHint", &Self::presentationHint),
                          field("variablesReference", &Self::variablesReference),
                          field("namedVariables", &Self::namedVariables),
                          field("indexedVariables", &Self::indexedVariables),
                          field("memoryReference", &Self::memoryReference));
    }
};

struct CompletionsArguments {
    Optional<std::int64_t> frameId{};
    std::string text{};
    std::int64_t column = 0;
    Optional<std::int64_t> line{};

    static constexpr auto fields() {
        return std::tuple(field("frameId", &CompletionsArguments::frameId),
                          field("text", &CompletionsArguments::text),
                          field("column", &CompletionsArguments::column),
                          field("line", &CompletionsArguments::line));
    }
};

struct CompletionsBody {
    std::vector<CompletionItem> targets{};

    static constexpr auto fields() {
        return std::tuple(field("targets", &CompletionsBody::targets));
    }
};

struct ExceptionDetails {
    Optional<std::string> message{};
    Optional<std::string> typeName{};

    static constexpr auto fields() {
        return std::tuple(field("message", &ExceptionDetails::message),
                          field("typeName", &ExceptionDetails::typeName));
    }
};

struct ExceptionInfoBody {
    std::string exceptionId{};
    Optional<std::string> description{};
    std::string breakMode{};
    Optional<ExceptionDetails> details{};

    static constexpr auto fields() {
        return std::tuple(field("exceptionId", &ExceptionInfoBody::exceptionId),
                          field("description", &ExceptionInfoBody::description),
                          field("breakMode", &ExceptionInfoBody::breakMode),
                          field("details", &ExceptionInfoBody::details));
    }
};

// --- Memory, code, modules -----------------------------------------------------------------------

struct ReadMemoryArguments {
    std::string memoryReference{};
    Optional<std::int64_t> offset{};
    std::int64_t count = 0;

    static constexpr auto fields() {
        return std::tuple(field("memoryReference", &ReadMemoryArguments::memoryReference),
                          field("offset", &ReadMemoryArguments::offset),
                          field("count", &ReadMemoryArguments::count));
    }
};

struct ReadMemoryBody {
    std::string address{};
    Optional<std::int64_t> unreadableBytes{};
    Optional<std::string> data{}; ///< base64

    static constexpr auto fields() {
        return std::tuple(field("address", &ReadMemoryBody::address),
                          field("unreadableBytes", &ReadMemoryBody::unreadableBytes),
                          field("data", &ReadMemoryBody::data));
    }
};

struct WriteMemoryArguments {
    std::string memoryReference{};
    Optional<std::int64_t> offset{};
    Optional<bool> allowPartial{};
    std::string data{}; ///< base64

    static constexpr auto fields() {
        return std::tuple(field("memoryReference", &WriteMemoryArguments::memoryReference),
                          field("offset", &WriteMemoryArguments::offset),
                          field("allowPartial", &WriteMemoryArguments::allowPartial),
                          field("data", &WriteMemoryArguments::data));
    }
};

struct WriteMemoryBody {
    Optional<std::int64_t> offset{};
    Optional<std::int64_t> bytesWritten{};

    static constexpr auto fields() {
        return std::tuple(field("offset", &WriteMemoryBody::offset),
                          field("bytesWritten", &WriteMemoryBody::bytesWritten));
    }
};

struct DisassembleArguments {
    std::string memoryReference{};
    Optional<std::int64_t> offset{};            ///< bytes
    Optional<std::int64_t> instructionOffset{}; ///< instructions, applied after `offset`
    std::int64_t instructionCount = 0;
    Optional<bool> resolveSymbols{};

    static constexpr auto fields() {
        using Self = DisassembleArguments;
        return std::tuple(field("memoryReference", &Self::memoryReference),
                          field("offset", &Self::offset),
                          field("instructionOffset", &Self::instructionOffset),
                          field("instructionCount", &Self::instructionCount),
                          field("resolveSymbols", &Self::resolveSymbols));
    }
};

struct DisassembleBody {
    std::vector<DisassembledInstruction> instructions{};

    static constexpr auto fields() {
        return std::tuple(field("instructions", &DisassembleBody::instructions));
    }
};

/// `wdbg/nativeCode`, our own: the machine code that a frame is in.
struct NativeCodeArguments {
    std::int64_t frameId = 0;
    Optional<std::int64_t> limit{}; ///< rows; those around the pc. 0 or none: 2000

    static constexpr auto fields() {
        return std::tuple(field("frameId", &NativeCodeArguments::frameId),
                          field("limit", &NativeCodeArguments::limit));
    }
};

/// A native instruction. What it comes from is told where that is not the row's before.
struct NativeRow {
    std::string address{};   ///< as the machine has it
    std::string reference{}; ///< for disassemble and setInstructionBreakpoints
    std::string bytes{};
    std::string instruction{};
    Optional<std::string> symbol{};        ///< of a function's first instruction
    Optional<std::string> wasmReference{}; ///< for disassemble and setInstructionBreakpoints
    Optional<std::string> wasm{};          ///< "i32.add"
    Optional<std::int64_t> source{};       ///< index in `sources`
    Optional<std::int64_t> line{};

    static constexpr auto fields() {
        using Self = NativeRow;
        return std::tuple(field("address", &Self::address), field("reference", &Self::reference),
                          field("bytes", &Self::bytes), field("instruction", &Self::instruction),
                          field("symbol", &Self::symbol),
                          field("wasmReference", &Self::wasmReference), field("wasm", &Self::wasm),
                          field("source", &Self::source), field("line", &Self::line));
    }
};

struct NativeCodeBody {
    std::string function{};     ///< the native one's name
    std::int64_t pcRow = 0;     ///< index in `rows`: executed next
    std::int64_t firstRow = 0;  ///< of the function's instructions, the first that is told
    std::int64_t totalRows = 0; ///< all that the function has
    std::vector<Source> sources{};
    std::vector<NativeRow> rows{};

    static constexpr auto fields() {
        using Self = NativeCodeBody;
        return std::tuple(field("function", &Self::function), field("pcRow", &Self::pcRow),
                          field("firstRow", &Self::firstRow), field("totalRows", &Self::totalRows),
                          field("sources", &Self::sources), field("rows", &Self::rows));
    }
};

struct ModulesArguments {
    Optional<std::uint64_t> startModule{};
    Optional<std::uint64_t> moduleCount{}; ///< 0 or none: all

    static constexpr auto fields() {
        return std::tuple(field("startModule", &ModulesArguments::startModule),
                          field("moduleCount", &ModulesArguments::moduleCount));
    }
};

struct ModulesBody {
    std::vector<Module> modules{};
    Optional<std::uint64_t> totalModules{};

    static constexpr auto fields() {
        return std::tuple(field("modules", &ModulesBody::modules),
                          field("totalModules", &ModulesBody::totalModules));
    }
};

struct LoadedSourcesBody {
    std::vector<Source> sources{};

    static constexpr auto fields() {
        return std::tuple(field("sources", &LoadedSourcesBody::sources));
    }
};

struct SourceArguments {
    Optional<Source> source{};
    std::int64_t sourceReference = 0;

    static constexpr auto fields() {
        return std::tuple(field("source", &SourceArguments::source),
                          field("sourceReference", &SourceArguments::sourceReference));
    }
};

struct SourceBody {
    std::string content{};
    Optional<std::string> mimeType{};

    static constexpr auto fields() {
        return std::tuple(field("content", &SourceBody::content),
                          field("mimeType", &SourceBody::mimeType));
    }
};

struct LocationsArguments {
    std::int64_t locationReference = 0;

    static constexpr auto fields() {
        return std::tuple(field("locationReference", &LocationsArguments::locationReference));
    }
};

struct LocationsBody {
    Source source{};
    std::int64_t line = 0;
    Optional<std::int64_t> column{};

    static constexpr auto fields() {
        return std::tuple(field("source", &LocationsBody::source),
                          field("line", &LocationsBody::line),
                          field("column", &LocationsBody::column));
    }
};

} // namespace wdbg::dap::protocol

// NOLINTEND(readability-identifier-naming)
