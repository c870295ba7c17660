// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "debug_info_check.h"
#include "demangle.h"
#include "dwarf_sections.h"
#include "line_check.h"

#include <wdbg/dwarf/llvm_symbolizer.h>
#include <wdbg/dwarf/module_image.h>

#include <llvm/DebugInfo/DWARF/DWARFContext.h>

#include <algorithm>
#include <array>
#include <mutex>
#include <string_view>

namespace wdbg::dwarf {

namespace {

constexpr std::uint8_t wasm_address_size = 4;

/// What lines, functions and inlining need. Others stay out: each one is one more that damaged
/// bytes could harm.
constexpr std::array<std::string_view, 10> used_sections{
    ".debug_abbrev",   ".debug_addr",   ".debug_aranges",  ".debug_info", ".debug_line",
    ".debug_line_str", ".debug_ranges", ".debug_rnglists", ".debug_str",  ".debug_str_offsets"};

/// The debug sections under LLVM's names for them (without the dot), as views.
SectionMap debug_sections(const wasm::Module& module) {
    SectionMap sections;
    for (const wasm::Section& section : module.sections()) {
        if (std::ranges::find(used_sections, section.name) == used_sections.end()) {
            continue;
        }
        add_section(sections, section.name, module.payload(section));
    }
    return sections;
}

bool is_known(const std::string& text) {
    return text != llvm::DILineInfo::BadString;
}

SourceFrame to_frame(const llvm::DILineInfo& info, bool inlined) {
    SourceFrame frame{.function = {}, .location = {}, .inlined = inlined};
    if (is_known(info.FunctionName)) {
        frame.function = demangled(info.FunctionName);
    }
    if (is_known(info.FileName)) {
        frame.location = {.file = info.FileName, .line = info.Line, .column = info.Column};
    }
    return frame;
}

class LlvmSymbolizer : public Symbolizer {
  public:
    explicit LlvmSymbolizer(ModuleImage image)
        : image_(std::move(image))
        , sections_(debug_sections(image_.debug_module())) {
        const auto report = [this](llvm::Error error) { note(std::move(error)); };
        context_ = llvm::DWARFContext::create(sections_, wasm_address_size, true, report, report);
    }

    /// Walks all entries, then lets LLVM read the headers of the compile units.
    [[nodiscard]] Result<void> check() {
        const auto checked = check_debug_info(contents_of(sections_, "debug_info"),
                                              contents_of(sections_, "debug_abbrev"));
        if (!checked) {
            return damaged(checked.error().message);
        }
        if (const auto lines = check_debug_line(contents_of(sections_, "debug_line")); !lines) {
            return damaged(lines.error().message);
        }
        if (context_->getNumCompileUnits() == 0) {
            return damaged("no compile unit " + problem_);
        }
        return {};
    }

    [[nodiscard]] Result<std::vector<SourceFrame>> lookup(CodeOffset offset,
                                                          AddressKind kind) override {
        auto at = image_.to_dwarf(offset);
        if (at && kind == AddressKind::ReturnAddress) {
            at = at->value == 0 ? std::nullopt : std::optional(DwarfOffset{at->value - 1});
        }
        if (!at) {
            return std::vector<SourceFrame>{};
        }
        const std::lock_guard lock(mutex_);
        problem_.clear();
        std::vector<SourceFrame> frames = frames_at(*at);
        name_outermost(frames, offset);
        if (frames.empty() && !problem_.empty()) {
            return damaged(problem_);
        }
        return frames;
    }

    [[nodiscard]] const std::filesystem::path& debug_file() const override {
        return image_.debug_file();
    }

  private:
    [[nodiscard]] std::unexpected<Error> damaged(const std::string& problem) const {
        return fail(ErrorCode::Malformed,
                    image_.debug_file().string() + ": damaged debug information: " + problem);
    }

    /// Keeps the first of LLVM's complaints.
    void note(llvm::Error error) {
        std::string text = llvm::toString(std::move(error));
        if (problem_.empty()) {
            problem_ = std::move(text);
        }
    }

    std::vector<SourceFrame> frames_at(DwarfOffset at) {
        using FileKind = llvm::DILineInfoSpecifier::FileLineInfoKind;
        const llvm::DILineInfoSpecifier what(FileKind::AbsoluteFilePath,
                                             llvm::DINameKind::LinkageName);
        const llvm::DIInliningInfo chain = context_->getInliningInfoForAddress({at.value}, what);
        std::vector<SourceFrame> frames;
        const std::uint32_t count = chain.getNumberOfFrames();
        for (std::uint32_t i = 0; i < count; ++i) {
            const llvm::DILineInfo& info = chain.getFrame(i);
            if (info) {
                frames.push_back(to_frame(info, i + 1 < count));
            }
        }
        return frames;
    }

    /// With split DWARF whose .dwo is gone only the name section knows the function.
    void name_outermost(std::vector<SourceFrame>& frames, CodeOffset offset) const {
        if (frames.empty() || !frames.back().function.empty()) {
            return;
        }
        const wasm::Module& module = image_.module();
        if (const wasm::FunctionBody* body = module.function_containing(offset); body != nullptr) {
            frames.back().function = demangled(module.function_name(body->index));
        }
    }

    ModuleImage image_;
    SectionMap sections_;
    std::mutex mutex_; ///< guards what follows
    std::string problem_;
    std::unique_ptr<llvm::DWARFContext> context_;
};

} // namespace

Result<std::unique_ptr<Symbolizer>> make_symbolizer(const ModuleSource& source) {
    auto image = ModuleImage::open(source);
    if (!image) {
        return std::unexpected(image.error());
    }
    auto symbolizer = std::make_unique<LlvmSymbolizer>(std::move(*image));
    if (auto checked = symbolizer->check(); !checked) {
        return std::unexpected(checked.error());
    }
    return symbolizer;
}

} // namespace wdbg::dwarf
