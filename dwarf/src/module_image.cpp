// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <wdbg/dwarf/module_image.h>

#include <algorithm>
#include <fstream>
#include <system_error>

namespace wdbg::dwarf {

namespace {

namespace fs = std::filesystem;

/// Reads at most ModuleImage::max_debug_file bytes.
Result<std::vector<std::byte>> read_file(const fs::path& path) {
    std::error_code error;
    if (!fs::is_regular_file(path, error)) {
        return fail(ErrorCode::NotFound, "debug information " + path.string() + " does not exist");
    }
    const std::uintmax_t size = fs::file_size(path, error);
    if (error || size > ModuleImage::max_debug_file) {
        return fail(ErrorCode::Io, "cannot read " + path.string() + ": " +
                                       (error ? error.message() : "larger than 2 GiB"));
    }
    std::vector<std::byte> bytes(size);
    std::ifstream stream(path, std::ios::binary);
    stream.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(size));
    if (!stream) {
        return fail(ErrorCode::Io, "cannot read " + path.string());
    }
    return bytes;
}

/// The file beside the module that `name` (a path or URL in the module) means. What would lead out
/// of the module's folder is looked for in the folder itself.
fs::path external_file(const fs::path& module_path, std::string_view name) {
    constexpr std::string_view file_scheme = "file://";
    if (name.starts_with(file_scheme)) {
        name.remove_prefix(file_scheme.size());
    }
    const fs::path named = fs::path(name).lexically_normal();
    const bool is_url = name.find("://") != std::string_view::npos;
    const bool leads_out = named.is_absolute() || (!named.empty() && *named.begin() == "..");
    const fs::path folder = module_path.parent_path();
    return is_url || leads_out ? folder / fs::path(name).filename() : folder / named;
}

} // namespace

Result<ModuleImage> ModuleImage::open(const ModuleSource& source) {
    auto module = wasm::Module::parse(source.bytes);
    if (!module) {
        return std::unexpected(module.error());
    }
    ModuleImage image(std::move(*module));
    image.debug_file_ = source.path;
    if (image.module_.has_debug_sections()) {
        return image;
    }
    if (auto external = image.open_external(source.path); !external) {
        return std::unexpected(external.error());
    }
    return image;
}

Result<void> ModuleImage::open_external(const std::filesystem::path& module_path) {
    const auto name = module_.external_debug_info();
    if (!name) {
        return fail(ErrorCode::Unavailable,
                    "the module has no debug information (compile and link it with -g)");
    }
    debug_file_ = external_file(module_path, *name);
    auto bytes = read_file(debug_file_);
    if (!bytes) {
        return std::unexpected(bytes.error());
    }
    auto external = wasm::Module::parse_owned(std::move(*bytes));
    if (!external) {
        return fail(external.error().code, debug_file_.string() + ": " + external.error().message);
    }
    const auto expected = module_.build_id();
    const auto actual = external->build_id();
    if (!expected.empty() && !actual.empty() && !std::ranges::equal(expected, actual)) {
        return fail(ErrorCode::Malformed,
                    debug_file_.string() + " belongs to another build of this module (build_id)");
    }
    if (!external->has_debug_sections()) {
        return fail(ErrorCode::Unavailable, debug_file_.string() + " has no debug information");
    }
    external_ = std::move(*external);
    return {};
}

std::optional<DwarfOffset> ModuleImage::to_dwarf(CodeOffset offset) const {
    const wasm::Section* code = module_.section(wasm::SectionId::Code);
    if (code == nullptr || offset < code->contents || offset > code->end) {
        return std::nullopt;
    }
    return DwarfOffset{offset.value - code->contents.value};
}

std::optional<CodeOffset> ModuleImage::to_code(DwarfOffset offset) const {
    const wasm::Section* code = module_.section(wasm::SectionId::Code);
    if (code == nullptr || offset.value > code->end.value - code->contents.value) {
        return std::nullopt;
    }
    return CodeOffset{static_cast<std::uint32_t>(code->contents.value + offset.value)};
}

} // namespace wdbg::dwarf
