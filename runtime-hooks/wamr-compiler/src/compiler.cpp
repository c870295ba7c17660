// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler.h"

#include "debug_info.h"
#include "deployed.h"
#include "emitter.h"
#include "ir_passes.h"
#include "machine_passes.h"
#include "second_emission.h"
#include "wamr_headers.h"

#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <llvm-c/ErrorHandling.h>
#include <memory>
#include <optional>
#include <string_view>
#include <unistd.h>

namespace wdbg::compile {
namespace {

bool show_messages = false;

/// WAMR's messages begin in several ways; ours all read alike.
std::string tidy_message(std::string_view text) {
    for (const std::string_view prefix : {"Error: ", "WASM module load failed: "}) {
        if (text.starts_with(prefix)) {
            text.remove_prefix(prefix.size());
        }
    }
    while (!text.empty() && (text.back() == '.' || text.back() == '\n')) {
        text.remove_suffix(1);
    }
    return std::string(text);
}

std::unexpected<Error> wamr_error(const std::string& path) {
    return fail(ErrorCode::Malformed, path + ": " + tidy_message(aot_get_last_error()));
}

/// LLVM calls this before it would abort.
void end_with_llvm_error(const char* message) {
    std::fprintf(stderr, "wdbg: LLVM cannot compile this: %s\n", message);
    std::_Exit(1);
}

/// The file in which LLVM tells WAMR how much stack each function takes.
class StackUsageFile {
  public:
    StackUsageFile()
        : path_((std::filesystem::temp_directory_path() / "wdbg-compile-XXXXXX").string()) {
        const int file = ::mkstemp(path_.data());
        if (file >= 0) {
            ::close(file);
        }
    }

    StackUsageFile(const StackUsageFile&) = delete;
    StackUsageFile& operator=(const StackUsageFile&) = delete;

    ~StackUsageFile() { ::unlink(path_.c_str()); }

    [[nodiscard]] const char* path() const { return path_.c_str(); }

  private:
    std::string path_;
};

struct Unload {
    void operator()(WASMModule* module) const {
        wasm_runtime_unload(reinterpret_cast<wasm_module_t>(module));
    }

    void operator()(AOTCompData* data) const { aot_destroy_comp_data(data); }

    void operator()(AOTCompContext* context) const { aot_destroy_comp_context(context); }

    void operator()(AOTObjectData* object) const { aot_obj_data_destroy(object); }
};

template <class T>
using Owned = std::unique_ptr<T, Unload>;

char* text_or_null(const std::string& text) {
    return text.empty() ? nullptr : const_cast<char*>(text.c_str()); // WAMR does not write to it
}

#if defined(__x86_64__)
constexpr char this_architecture_name[] = "x86_64";
#elif defined(__aarch64__)
constexpr char this_architecture_name[] = "aarch64";
#else
constexpr char this_architecture_name[] = ""; // WAMR says what it lacks
#endif

AOTCompOption wamr_options(const Options& options, const StackUsageFile& stack_usage) {
    constexpr std::uint32_t not_set = 2;
    constexpr std::uint32_t small_code_model = 3;
    AOTCompOption result{};
    // WAMR wants a target where a processor is named.
    const bool only_processor =
        options.target.empty() && !(options.cpu.empty() && options.cpu_features.empty());
    result.target_arch =
        only_processor ? const_cast<char*>(this_architecture_name) : text_or_null(options.target);
    result.target_abi = text_or_null(options.target_abi);
    result.target_cpu = text_or_null(options.cpu);
    result.cpu_features = text_or_null(options.cpu_features);
    result.opt_level = options.level;
    result.size_level = options.size_level.value_or(small_code_model);
    result.output_format = AOT_FORMAT_FILE;
    result.bounds_checks = options.bounds_checks ? (*options.bounds_checks ? 1U : 0U) : not_set;
    result.stack_bounds_checks = not_set;
    result.enable_simd = true;
    result.enable_aux_stack_check = true;
    result.enable_bulk_memory = true;
    result.enable_bulk_memory_opt = true;
    result.enable_ref_types = true;
    result.enable_call_indirect_overlong = true;
    result.enable_tail_call = true;
    result.enable_thread_mgr = options.multi_thread;
    result.is_indirect_mode = options.xip;
    result.disable_llvm_intrinsics = options.xip;
    result.stack_usage_file = stack_usage.path();
    aot_call_stack_features_init_default(&result.call_stack_features);
    return result;
}

PassOptions::Slots slots_of(const Options& options) {
    using Slots = PassOptions::Slots;
    if (!options.debuggable || options.slots == "none") {
        return Slots::None;
    }
    return options.slots == "frame" ? Slots::Frame
           : options.slots == "all" ? Slots::All
                                    : Slots::Named;
}

PassOptions passes_of(const Options& options, const DebugInfo& info,
                      const dwarf::GuestDwarf& guest) {
    const bool plain = options.plain_code;
    return {.debug_info = !options.no_debug_file || !options.coverage.empty(),
            .trap_blocks = !plain,
            .patchable = !plain,
            .keep_environment = !plain && (options.debuggable || options.level == 0),
            .all_frames = options.debuggable,
            .slots = slots_of(options),
            .guest = &guest,
            .info = &info};
}

/// -Og, and -O0 unless its code is to be plain.
bool wants_anchors(const Options& options) {
    return options.debuggable || (options.level == 0 && !options.plain_code);
}

Result<void> start_wamr(const Options& options) {
    show_messages = options.verbose;
    LLVMInstallFatalErrorHandler(end_with_llvm_error);
    RuntimeInitArgs arguments;
    std::memset(&arguments, 0, sizeof arguments);
    arguments.mem_alloc_type = Alloc_With_System_Allocator;
    if (!wasm_runtime_full_init(&arguments) || !aot_compiler_init()) {
        return fail(ErrorCode::Internal, "WAMR's compiler does not start");
    }
    wasm_runtime_set_log_level(options.verbose ? WASM_LOG_LEVEL_WARNING : WASM_LOG_LEVEL_FATAL);
    return {};
}

Result<std::vector<std::byte>> emit(AOTCompContext& context, AOTCompData& data,
                                    AOTObjectData& object, const std::string& path) {
    const std::uint32_t size = aot_get_aot_file_size(&context, &data, &object);
    if (size == 0) {
        return wamr_error(path);
    }
    std::vector<std::byte> aot(size);
    if (!aot_emit_aot_file_buf_ex(&context, &data, &object,
                                  reinterpret_cast<std::uint8_t*>(aot.data()), size)) {
        return wamr_error(path);
    }
    return aot;
}

/// The debug information of `compiled` as it fits the deployed file, of which it is known that it
/// has other code.
Result<Compiled> fit(Compiled compiled, const dwarf::AotFile& deployed, SecondEmission& emission) {
    const Result<std::vector<char>> object = emission.emit();
    if (!object) {
        return std::unexpected(object.error());
    }
    const Result<std::vector<TextPiece>> pieces = read_pieces(*object);
    if (!pieces) {
        return std::unexpected(pieces.error());
    }
    Fitting fitting = fit_pieces(*pieces, deployed);
    Result<ObjectImage> image = read_placed_object(*object, std::move(fitting.placed));
    if (!image) {
        return std::unexpected(image.error());
    }
    compiled.object = std::move(*image);
    compiled.differing = std::move(fitting.differing);
    return compiled;
}

Result<Compiled> fit_to_deployed(Compiled compiled, const Options& options,
                                 const dwarf::AotFile& deployed, SecondEmission& emission) {
    const Result<dwarf::AotFile> fresh = dwarf::AotFile::parse(compiled.aot);
    if (!fresh) {
        return std::unexpected(fresh.error());
    }
    if (Result<void> comparable = check_comparable(deployed, *fresh); !comparable) {
        return fail(comparable.error().code, options.debug_for + ": " + comparable.error().message);
    }
    return is_same_code(deployed, *fresh) ? Result<Compiled>(std::move(compiled))
                                          : fit(std::move(compiled), deployed, emission);
}

Result<Compiled> generate(AOTCompContext& context, AOTCompData& data, const Options& options,
                          const dwarf::AotFile* deployed) {
    if (!aot_compile_wasm(&context)) {
        return wamr_error(options.module);
    }
    std::optional<SecondEmission> emission;
    if (deployed != nullptr) {
        emission.emplace(context);
    }
    const Owned<AOTObjectData> object(aot_obj_data_create(&context));
    if (!object) {
        return wamr_error(options.module);
    }
    Result<std::vector<std::byte>> aot = emit(context, data, *object, options.module);
    if (!aot) {
        return std::unexpected(aot.error());
    }
    Compiled compiled{.aot = std::move(*aot), .object = {}, .differing = {}, .processor = {}};
    if (context.target_cpu != nullptr) {
        compiled.processor = context.target_cpu;
    }
    if (options.no_debug_file && options.coverage.empty()) {
        return compiled;
    }
    const WdbgBytes bytes = wdbg_object_bytes(object.get());
    Result<ObjectImage> image = read_object({bytes.data, bytes.size});
    if (!image) {
        return std::unexpected(image.error());
    }
    compiled.object = std::move(*image);
    return deployed == nullptr
               ? Result<Compiled>(std::move(compiled))
               : fit_to_deployed(std::move(compiled), options, *deployed, *emission);
}

} // namespace

Result<Compiled> compile(const wasm::Module& module, const dwarf::GuestDwarf& guest,
                         const Options& options, const dwarf::AotFile* deployed) {
    if (Result<void> started = start_wamr(options); !started) {
        return std::unexpected(started.error());
    }
    const auto* const begin = reinterpret_cast<const std::uint8_t*>(module.bytes().data());
    std::vector<std::uint8_t> bytes(begin, begin + module.bytes().size()); // WAMR writes to them
    char error[256] = "";
    const Owned<WASMModule> loaded(reinterpret_cast<WASMModule*>(wasm_runtime_load(
        bytes.data(), static_cast<std::uint32_t>(bytes.size()), error, sizeof error)));
    if (!loaded) {
        return fail(ErrorCode::Malformed, options.module + ": " + tidy_message(error));
    }
    const Owned<AOTCompData> data(
        aot_create_comp_data(loaded.get(), text_or_null(options.target), false));
    if (!data) {
        return wamr_error(options.module);
    }
    DebugInfo info(module, *data, options.module, options.level != 0);
    if (wants_anchors(options)) {
        info.hold_places(guest.rows);
    }
    const PassOptions passes = passes_of(options, info, guest);
    const bool slots = passes.has_slots() || (options.level == 0 && !options.plain_code);
    if (passes.debug_info || slots) {
        info.note_operands(guest.variables, slots);
    }
    const StackUsageFile stack_usage;
    set_pass_options(passes);
    add_machine_passes();
    AOTCompOption wamr = wamr_options(options, stack_usage);
    const Owned<AOTCompContext> context(aot_create_comp_context(data.get(), &wamr));
    if (!context && std::string_view(aot_get_last_error()).contains("target")) {
        return fail(ErrorCode::InvalidArgument,
                    "--target=" + options.target +
                        " is not known, or not with this --target-abi, " +
                        "--cpu and --cpu-features; expected x86_64, i386, aarch64, armv7, " +
                        "thumbv7em, riscv32, riscv64, …");
    }
    if (!context) {
        return wamr_error(options.module);
    }
    return generate(*context, *data, options, deployed);
}

} // namespace wdbg::compile

extern "C" int wdbg_compiler_vprintf(const char* format, va_list arguments) {
    return wdbg::compile::show_messages ? std::vfprintf(stderr, format, arguments) : 0;
}
