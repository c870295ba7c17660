// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "modules.h"

#include "bare_code.h"

#include <wdbg/dwarf/aot_file.h>
#include <wdbg/wasm/instruction.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <utility>

namespace wdbg::aot {

namespace fs = std::filesystem;

// --- CodeModule ----------------------------------------------------------------------------------

std::span<const std::byte> CodeModule::wasm_bytes() const {
    static constexpr std::array empty_module{std::byte{0},   std::byte{'a'}, std::byte{'s'},
                                             std::byte{'m'}, std::byte{1},   std::byte{0},
                                             std::byte{0},   std::byte{0}};
    return wasm ? wasm->bytes() : std::span<const std::byte>(empty_module);
}

std::optional<dwarf::TextOffset> CodeModule::text_offset(NativeAddress address) const {
    const std::uint64_t size =
        info ? info->file().text_size() : code.range.end.value - code.range.begin.value;
    const std::uint64_t offset = address.value - code.range.begin.value;
    if (address < code.range.begin || offset >= size) {
        return std::nullopt;
    }
    return dwarf::TextOffset{static_cast<std::uint32_t>(offset)};
}

std::optional<dwarf::TextRange> CodeModule::function_around(dwarf::TextOffset offset) const {
    const auto functions = info->file().functions(); // by offset
    const auto behind = std::ranges::upper_bound(functions, offset.value, std::less{},
                                                 &dwarf::NativeFunction::offset);
    if (behind == functions.begin()) {
        return std::nullopt;
    }
    const dwarf::NativeFunction& function = *std::prev(behind);
    const dwarf::TextRange range{.begin = {function.offset},
                                 .end = {function.offset + function.size}};
    return range.contains(offset) ? std::optional(range) : std::nullopt;
}

bool CodeModule::is_in_function(CodeOffset offset, std::uint32_t function) const {
    const wasm::FunctionBody* const body = wasm ? wasm->function_containing(offset) : nullptr;
    return body != nullptr && body->index == function;
}

CodeOffset CodeModule::behind(CodeOffset offset) const {
    if (wasm) {
        if (const auto instruction = wasm::decode(wasm->bytes(), offset)) {
            return instruction->end();
        }
    }
    return offset;
}

namespace {

bool is_call(const wasm::Instruction& instruction) {
    return instruction.opcode >= wasm::Opcode::Call &&
           instruction.opcode <= wasm::Opcode::ReturnCallRef;
}

bool is_direct(const wasm::Instruction& instruction) {
    return instruction.opcode == wasm::Opcode::Call ||
           instruction.opcode == wasm::Opcode::ReturnCall;
}

std::uint64_t distance(CodeOffset a, CodeOffset b) {
    return a < b ? b.value - a.value : a.value - b.value;
}

/// The nearest of those calls in `body` that `accept` takes.
template <class Accept>
std::optional<CodeOffset> nearest_call(std::span<const std::byte> bytes,
                                       const wasm::FunctionBody& body, CodeOffset offset,
                                       Accept accept) {
    std::optional<CodeOffset> best;
    for (CodeOffset at = body.first_instruction; at < body.end;) {
        const auto instruction = wasm::decode(bytes, at);
        if (!instruction) {
            break;
        }
        if (is_call(*instruction) && accept(*instruction) &&
            (!best || distance(at, offset) < distance(*best, offset))) {
            best = at;
        }
        at = instruction->end();
    }
    return best;
}

} // namespace

CodeOffset CodeModule::call_near(CodeOffset offset, std::uint32_t function,
                                 std::uint32_t callee) const {
    const wasm::FunctionBody* const body = wasm ? wasm->body(function) : nullptr;
    if (body == nullptr || is_bare) {
        return offset;
    }
    const bool is_inside = body->first_instruction <= offset && offset < body->end;
    if (is_inside) {
        const auto present = wasm::decode(wasm->bytes(), offset);
        if (present && is_call(*present)) {
            return offset;
        }
    }
    const auto direct = nearest_call(wasm->bytes(), *body, offset, [&](const auto& call) {
        return is_direct(call) && call.index == callee;
    });
    if (direct) {
        return *direct;
    }
    return nearest_call(wasm->bytes(), *body, offset,
                        [](const auto& call) { return !is_direct(call); })
        .value_or(is_inside ? offset : body->first_instruction);
}

std::string CodeModule::host_function_called_at(CodeOffset offset) const {
    constexpr auto call_opcode = std::byte{0x10};
    if (!wasm || offset.value >= wasm->bytes().size() ||
        wasm->bytes()[offset.value] != call_opcode) {
        return {};
    }
    const auto instruction = wasm::decode(wasm->bytes(), offset);
    const wasm::Import* import = instruction ? wasm->function_import(instruction->index) : nullptr;
    if (import == nullptr) {
        return {};
    }
    return std::string(import->module) + "." + std::string(import->name);
}

std::string CodeModule::function_named(std::uint32_t function) const {
    return std::to_string(function) + (wasm ? " (" + wasm->function_name(function) + ")" : "");
}

std::string CodeModule::why_missing(CodeOffset offset) const {
    if (is_bare) {
        return "no native instruction is known to begin there (" + name + " has no debug file)";
    }
    const wasm::FunctionBody* const body = wasm ? wasm->function_containing(offset) : nullptr;
    if (body == nullptr || std::ranges::find(differing, body->index) == differing.end()) {
        return "nothing there became native code";
    }
    return "the native code of function " + function_named(body->index) +
           " is not what the debug file was made for";
}

// --- CodeModules ---------------------------------------------------------------------------------

namespace {

std::string without_ending(const std::string& path, std::string_view ending) {
    return path.ends_with(ending) ? path.substr(0, path.size() - ending.size()) : path;
}

/// Where the .wasm of a module may be: beside the .aot, or where it was compiled.
std::vector<std::string> wasm_candidates(const CodeModule& module) {
    std::vector<std::string> candidates;
    const fs::path aot(module.code.module_file);
    if (!module.code.wasm_file.empty()) {
        candidates.push_back(module.code.wasm_file);
    }
    if (!module.code.module_file.empty()) {
        candidates.push_back(without_ending(module.code.module_file, ".aot") + ".wasm");
    }
    if (const auto name = module.info->fact("module"); name && !name->empty()) {
        const fs::path compiled{std::string(*name)};
        for (const fs::path& folder :
             {aot.parent_path(), fs::path(module.code.debug_file).parent_path()}) {
            candidates.push_back((folder / compiled.filename()).string());
        }
        candidates.push_back(compiled.string());
    }
    return candidates;
}

Result<dwarf::AotFile> parse_aot(const Result<MappedFile>& file) {
    return file ? dwarf::AotFile::parse(file->bytes())
                : Result<dwarf::AotFile>(std::unexpected(file.error()));
}

void find_wasm(CodeModule& module) {
    for (const std::string& path : wasm_candidates(module)) {
        auto mapped = MappedFile::open(path);
        if (!mapped || !module.info->check_module(mapped->bytes())) {
            continue;
        }
        auto parsed = wasm::Module::parse(mapped->bytes());
        if (parsed) {
            module.wasm_file = std::move(*mapped);
            module.wasm = std::move(*parsed);
            module.wasm_path = fs::absolute(path).string();
            return;
        }
    }
}

} // namespace

void CodeModules::warn(const std::string& text) const {
    if (options_.warn) {
        options_.warn(text);
    }
}

Result<void> CodeModules::open_debug_file(CodeModule& module) const {
    const bool named = !module.code.debug_file.empty();
    if (!named) {
        module.code.debug_file = module.code.module_file + ".debug";
    }
    auto mapped = MappedFile::open(module.code.debug_file);
    if (!mapped) {
        if (!named && mapped.error().code == ErrorCode::NotFound) {
            return fail(ErrorCode::NotFound,
                        module.code.module_file + ": has no debug file (looked for " +
                            module.code.debug_file +
                            "); make it from the .wasm: wdbg compile MODULE.wasm --debug-for=" +
                            module.code.module_file + " and the options it was compiled with");
        }
        return std::unexpected(mapped.error());
    }
    module.debug_file = std::move(*mapped);
    if (auto loaded = load_info(module); !loaded) {
        return loaded;
    }
    if (auto belongs = check_text(module); !belongs) {
        module.info.reset();
        return belongs;
    }
    if (options_.decides_hits) {
        read_jump_targets(module);
    } else if (options_.reads_are_slow) {
        open_text(module);
    }
    find_wasm(module);
    read_differing(module);
    if (module.wasm_path.empty()) {
        warn(module.code.module_file + ": the .wasm it was compiled from was not found beside it; "
                                       "there are no source lines without it");
        return {};
    }
    return load_info(module); // again, now with the types and lines of the .wasm
}

/// Told by the debug file as "3,17".
void CodeModules::read_differing(CodeModule& module) const {
    constexpr std::size_t most = 10;
    std::string_view rest = module.info->fact("differing").value_or("");
    std::string names;
    while (!rest.empty()) {
        std::uint32_t function = 0;
        const char* const end = rest.data() + rest.size();
        const auto [stop, error] = std::from_chars(rest.data(), end, function);
        if (error != std::errc{}) {
            break;
        }
        module.differing.push_back(function);
        if (module.differing.size() <= most) {
            names += (names.empty() ? "" : ", ") + module.function_named(function);
        }
        rest.remove_prefix(static_cast<std::size_t>(stop - rest.data()));
        rest.remove_prefix(rest.empty() ? 0 : 1);
    }
    if (!names.empty()) {
        warn(module.code.debug_file + ": there is no debug information for functions whose code " +
             "differs: " + names + (module.differing.size() > most ? ", …" : ""));
    }
}

/// As the .aot file has it, if that has the code that the debug file is for: the module's file, or
/// the one beside the debug file.
void CodeModules::open_text(CodeModule& module) const {
    const fs::path beside = fs::path(module.code.debug_file).replace_extension();
    for (const std::string& path : {module.code.module_file, beside.string()}) {
        auto mapped = MappedFile::open(path);
        const auto aot = parse_aot(mapped);
        if (aot && module.info->check_text(aot->text())) {
            module.text = aot->text();
            module.jump_targets = aot->jump_targets();
            module.aot_file = std::move(*mapped);
            return;
        }
    }
}

/// As the target has it; as the .aot file has it where reading the target takes long.
dwarf::NativeText CodeModules::text_of(const CodeModule& module) const {
    const bool is_conditional = target_.machine() == Machine::Arm; // returns, too: nobody tells
    if (options_.decoder == nullptr || is_conditional ||
        (options_.reads_are_slow && module.text.empty())) {
        return {};
    }
    const auto read_target = [this, &module](dwarf::TextOffset at, std::span<std::byte> into) {
        return target_.read_memory(module.native(at), into);
    };
    const auto read_file = [&module](dwarf::TextOffset at,
                                     std::span<std::byte> into) -> Result<void> {
        if (at.value > module.text.size() || into.size() > module.text.size() - at.value) {
            return fail(ErrorCode::OutOfRange, "behind the text");
        }
        std::ranges::copy(module.text.subspan(at.value, into.size()), into.begin());
        return {};
    };
    dwarf::NativeText text{.decoder = options_.decoder,
                           .jump_targets = module.jump_targets ? &*module.jump_targets : nullptr};
    if (options_.reads_are_slow) {
        text.read = read_file;
    } else {
        text.read = read_target;
    }
    return text;
}

Result<void> CodeModules::load_info(CodeModule& module) const {
    auto info = options_.load_debug_info(
        {.debug_file = module.debug_file.bytes(),
         .module = {.bytes = module.wasm_file.bytes(), .path = module.wasm_path},
         .text = text_of(module)});
    if (!info) {
        return fail(info.error().code, module.code.debug_file + ": " + info.error().message);
    }
    module.info = std::move(*info);
    return {};
}

Result<void> CodeModules::check_text(const CodeModule& module) const {
    const std::uint64_t size = module.code.range.end.value - module.code.range.begin.value;
    std::vector<std::byte> text(std::min<std::uint64_t>(size, module.info->file().text_size()));
    if (auto read = target_.read_memory(module.code.range.begin, text); !read) {
        return read;
    }
    auto belongs = module.info->check_text(text);
    return belongs ? belongs
                   : fail(belongs.error().code,
                          module.code.debug_file + ": " + belongs.error().message);
}

Result<void> CodeModules::open_bare_code(CodeModule& module) const {
    const CodeRange& code = module.code;
    if (options_.decoder == nullptr || target_.machine() != Machine::X86_64 ||
        options_.reads_are_slow || !code.imported_functions) {
        return fail(ErrorCode::Unsupported, "not supported here");
    }
    const auto aot = MappedFile::open(code.module_file);
    if (!aot) {
        return std::unexpected(aot.error());
    }
    std::vector<std::byte> text(code.range.end.value - code.range.begin.value);
    if (auto read = target_.read_memory(code.range.begin, text); !read) {
        return read;
    }
    auto bare = read_bare_code(aot->bytes(), code.range, std::move(text), *code.imported_functions,
                               *options_.decoder);
    if (!bare) {
        return std::unexpected(bare.error());
    }
    module.wasm = std::move(bare->stand_in);
    module.info = std::move(bare->info);
    module.is_bare = true;
    return {};
}

/// Of the .aot file, if that has the loaded code: a debug file knows nothing of its constants.
void CodeModules::read_jump_targets(CodeModule& module) const {
    const auto mapped = MappedFile::open(module.code.module_file);
    const auto aot = parse_aot(mapped);
    if (!aot || !aot->jump_targets()) {
        return;
    }
    const std::uint64_t size = module.code.range.end.value - module.code.range.begin.value;
    std::vector<std::byte> text(std::min<std::uint64_t>(size, aot->text().size()));
    if (target_.read_memory(module.code.range.begin, text) && is_code_of(*aot, text)) {
        module.jump_targets = aot->jump_targets();
    }
}

void CodeModules::add(CodeRangeId id, const CodeRange& code) {
    auto module = std::make_unique<CodeModule>();
    module->id = id;
    module->code = code;
    module->name = fs::path(code.module_file).filename().string();
    if (auto opened = open_debug_file(*module); !opened) {
        module->note = opened.error().message;
        warn(module->note);
        if (auto bare = open_bare_code(*module); !bare) {
            warn(code.module_file + ": its functions are not known: " + bare.error().message);
        }
    }
    if (!module->wasm_path.empty()) {
        module->name = fs::path(module->wasm_path).filename().string();
    }
    // Whether they belong together has taken all their bytes.
    module->debug_file.let_go();
    module->wasm_file.let_go();
    module->aot_file.let_go();
    modules_.push_back(std::move(module));
}

void CodeModules::remove(CodeRangeId id) {
    std::erase_if(modules_, [id](const auto& module) { return module->id == id; });
}

CodeModule* CodeModules::at(NativeAddress address) const {
    const auto found = std::ranges::find_if(
        modules_, [address](const auto& module) { return module->code.range.contains(address); });
    return found == modules_.end() ? nullptr : found->get();
}

CodeModule* CodeModules::of(ModuleId id) const {
    const auto found = std::ranges::find_if(
        modules_, [id](const auto& module) { return module->code.module == id; });
    return found == modules_.end() ? nullptr : found->get();
}

} // namespace wdbg::aot
