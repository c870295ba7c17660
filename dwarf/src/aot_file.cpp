// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "byte_cursor.h"

#include <wdbg/dwarf/aot_file.h>

#include <algorithm>
#include <array>
#include <string>

namespace wdbg::dwarf {
namespace {

using Bytes = std::span<const std::byte>;

constexpr std::array magic{std::byte{0}, std::byte{'a'}, std::byte{'o'}, std::byte{'t'}};

/// Numbers as WAMR writes them: each at a multiple of its size (at most 4) from the start of the
/// file.
class Cursor : ByteCursor {
  public:
    /// Reads `file` from `at` up to `end`.
    Cursor(Bytes file, std::size_t at, std::size_t end) : ByteCursor(file.first(end), at) {}

    using ByteCursor::align;
    using ByteCursor::at;
    using ByteCursor::at_end;
    using ByteCursor::good;
    using ByteCursor::take;

    std::uint8_t u8() { return static_cast<std::uint8_t>(aligned(1)); }

    std::uint16_t u16() { return static_cast<std::uint16_t>(aligned(2)); }

    std::uint32_t u32() { return static_cast<std::uint32_t>(aligned(4)); }

    std::uint64_t aligned(std::size_t width) {
        constexpr std::size_t most = 4;
        align(std::min(width, most));
        return ByteCursor::number(width);
    }

    /// Its length, then its bytes with a zero at the end.
    std::string_view text() {
        const Bytes raw = take(u16());
        return raw.empty()
                   ? std::string_view{}
                   : std::string_view(reinterpret_cast<const char*>(raw.data()), raw.size() - 1);
    }
};

std::unexpected<Error> malformed(std::string message) {
    return fail(ErrorCode::Malformed, "the .aot file " + std::move(message));
}

} // namespace

bool is_aot_file(std::span<const std::byte> bytes) {
    return bytes.size() >= magic.size() && std::ranges::equal(bytes.first(magic.size()), magic);
}

/// ELF's numbers (x86-64 psABI table 4.10).
namespace x86_64 {

constexpr std::uint16_t machine = 62;
constexpr std::uint32_t absolute_64 = 1;
constexpr std::uint32_t pc_32 = 2;
constexpr std::uint32_t plt_32 = 4;
constexpr std::uint32_t absolute_32 = 10;
constexpr std::uint32_t absolute_32_signed = 11;

} // namespace x86_64

class AotFileParser {
  public:
    explicit AotFileParser(Bytes bytes) : bytes_(bytes) {}

    Result<AotFile> parse() {
        if (!is_aot_file(bytes_)) {
            return fail(ErrorCode::Malformed,
                        "no .aot file: its first bytes are not a zero and 'aot'");
        }
        if (Result<void> done = read_sections(); !done) {
            return std::unexpected(done.error());
        }
        static constexpr std::array readers{
            Reader{0, "target information", &AotFileParser::read_target},
            Reader{2, "text", &AotFileParser::read_text},
            Reader{3, "functions", &AotFileParser::read_functions},
            Reader{4, "exports", &AotFileParser::read_exports},
            Reader{5, "relocations", &AotFileParser::read_relocations}};
        for (const Reader& reader : readers) {
            const auto section =
                std::ranges::find(file_.sections_, reader.section, &AotSection::type);
            const std::string what(reader.what);
            if (section == file_.sections_.end()) {
                return malformed("has no section of " + what);
            }
            Cursor cursor(bytes_, section->offset, section->offset + section->size);
            if (!(this->*reader.read)(cursor)) {
                return malformed("has a damaged section of " + what);
            }
        }
        read_names();
        return std::move(file_);
    }

  private:
    struct Reader {
        std::uint32_t section;
        std::string_view what;
        bool (AotFileParser::*read)(Cursor cursor);
    };

    Result<void> read_sections() {
        constexpr std::uint32_t known_version = 6;
        constexpr std::size_t alignment = 4;
        Cursor cursor(bytes_, magic.size(), bytes_.size());
        file_.version_ = cursor.u32();
        if (cursor.good() && file_.version_ != known_version) {
            return fail(ErrorCode::Unsupported, "the .aot file has version " +
                                                    std::to_string(file_.version_) +
                                                    "; this wdbg reads version 6");
        }
        while (cursor.good() && !cursor.at_end()) {
            AotSection section{.type = cursor.u32()};
            section.size = cursor.u32();
            section.offset = static_cast<std::uint32_t>(cursor.at());
            cursor.take(section.size);
            cursor.align(alignment);
            file_.sections_.push_back(section);
        }
        if (!cursor.good() || bytes_.size() > UINT32_MAX) {
            return malformed("is cut short");
        }
        return {};
    }

    bool read_target(Cursor cursor) {
        constexpr std::uint16_t big_endian = 1;
        constexpr std::uint16_t wide = 2;
        constexpr std::uint16_t in_place = 4;
        constexpr std::size_t name_size = 16;
        const std::uint16_t binary = cursor.u16();
        cursor.u16(); // ABI
        file_.is_xip_ = cursor.u16() == in_place;
        file_.machine_ = cursor.u16();
        cursor.u32(); // of the ELF format
        cursor.u32(); // ELF's flags
        file_.features_ = cursor.aligned(sizeof file_.features_);
        cursor.aligned(sizeof(std::uint64_t));
        const Bytes name = cursor.take(name_size);
        file_.is_64_ = (binary & wide) != 0;
        file_.is_little_endian_ = (binary & big_endian) == 0;
        const auto end = std::ranges::find(name, std::byte{0});
        file_.architecture_ = {reinterpret_cast<const char*>(name.data()),
                               static_cast<std::size_t>(end - name.begin())};
        return cursor.good();
    }

    bool read_text(Cursor cursor) {
        constexpr std::size_t alignment = 4;
        const std::uint32_t literals = cursor.u32();
        cursor.take(literals);
        cursor.align(alignment);
        const auto section = std::ranges::find(file_.sections_, 2U, &AotSection::type);
        const std::size_t end = std::size_t{section->offset} + section->size;
        file_.text_ = cursor.take(end - std::min(end, cursor.at()));
        return cursor.good();
    }

    /// Their places, then for each its type and the sizes of its frame. (With garbage collection
    /// more follows, and their number is not told here.)
    bool read_functions(Cursor cursor) {
        constexpr std::uint64_t garbage_collection = 16;
        const std::size_t word = file_.is_64_ ? 8 : 4;
        const auto section = std::ranges::find(file_.sections_, 3U, &AotSection::type);
        const std::size_t each_size = word + 4 + 4 + 4;
        if ((file_.features_ & garbage_collection) != 0) {
            return true;
        }
        for (std::size_t each = 0; each < section->size / each_size; ++each) {
            file_.functions_.push_back(cursor.aligned(word));
        }
        return cursor.good() && section->size % each_size == 0 &&
               std::ranges::all_of(file_.functions_,
                                   [this](std::uint64_t at) { return at < file_.text_.size(); });
    }

    bool read_exports(Cursor cursor) {
        const std::uint32_t count = cursor.u32();
        for (std::uint32_t each = 0; each < count && cursor.good(); ++each) {
            AotExport one{.index = cursor.u32()};
            one.kind = cursor.u8();
            one.name = cursor.text();
            file_.exports_.push_back(one);
        }
        return cursor.good();
    }

    /// A custom section begins with its kind. Names: the word "name", then subsections of a type
    /// and a size that counts what they had in the .wasm; only that of functions has contents.
    void read_names() {
        constexpr std::uint32_t custom = 100;
        constexpr std::uint32_t kind_names = 3;
        constexpr std::uint32_t of_functions = 1;
        constexpr std::size_t word_size = 4;
        for (const AotSection& section : file_.sections_) {
            Cursor cursor(bytes_, section.offset, section.offset + section.size);
            if (section.type != custom || cursor.u32() != kind_names || cursor.u32() != word_size ||
                cursor.take(word_size).empty() || cursor.u32() != of_functions) {
                continue;
            }
            cursor.u32(); // the subsection's size
            const std::uint32_t count = cursor.u32();
            for (std::uint32_t each = 0; each < count && cursor.good(); ++each) {
                AotFunctionName one{.function = cursor.u32()};
                one.name = cursor.text();
                file_.names_.push_back(one);
            }
            if (!cursor.good()) {
                file_.names_.clear();
            }
        }
    }

    /// Names, then groups of relocations: one for each section that has some.
    bool read_relocations(Cursor cursor) {
        const std::uint32_t count = cursor.u32();
        std::vector<std::uint32_t> offsets;
        for (std::uint32_t each = 0; each < count && cursor.good(); ++each) {
            offsets.push_back(cursor.u32());
        }
        const std::uint32_t size = cursor.u32();
        const std::size_t names = cursor.at();
        cursor.take(size);
        const auto name_of = [&](std::uint32_t index) {
            const std::size_t at = names + (index < offsets.size() ? offsets[index] : size);
            return at < names + size && cursor.good() ? Cursor(bytes_, at, names + size).text()
                                                      : std::string_view{};
        };
        const std::uint32_t groups = cursor.u32();
        if (file_.machine_ == x86_64::machine) {
            file_.jump_targets_.emplace();
        }
        for (std::uint32_t each = 0; each < groups && cursor.good(); ++each) {
            read_group(cursor, name_of);
        }
        sort_jump_targets();
        return cursor.good();
    }

    void sort_jump_targets() {
        if (file_.jump_targets_) {
            std::ranges::sort(*file_.jump_targets_);
            const auto same = std::ranges::unique(*file_.jump_targets_);
            file_.jump_targets_->erase(same.begin(), same.end());
        }
    }

    /// Where it is not clear what a relocation leads to, nothing is.
    void add_jump_target(const AotRelocation& relocation, bool is_in_text) {
        if (relocation.symbol != ".text" && relocation.symbol != ".ltext") {
            return;
        }
        std::int64_t offset = relocation.addend;
        switch (relocation.type) {
        case x86_64::absolute_64:
        case x86_64::absolute_32:
        case x86_64::absolute_32_signed:
            break;
        case x86_64::pc_32:
        case x86_64::plt_32:
            offset += 4; // it counts from its own end
            if (is_in_text) {
                break;
            }
            [[fallthrough]]; // from the beginning of a table that is not known
        default:
            file_.jump_targets_.reset();
            return;
        }
        file_.jump_targets_->push_back(static_cast<std::uint64_t>(offset));
    }

    template <class NameOf>
    void read_group(Cursor& cursor, const NameOf& name_of) {
        static constexpr std::array<std::string_view, 4> of_text{".rela.text", ".rel.text",
                                                                 ".rela.ltext", ".rel.ltext"};
        const std::size_t word = file_.is_64_ ? 8 : 4;
        const std::string_view section = name_of(cursor.u32());
        const bool is_text = std::ranges::find(of_text, section) != of_text.end();
        const std::uint32_t count = cursor.u32();
        for (std::uint32_t each = 0; each < count && cursor.good(); ++each) {
            AotRelocation one{.offset = cursor.aligned(word)};
            const std::uint64_t addend = cursor.aligned(word);
            one.addend = file_.is_64_ ? static_cast<std::int64_t>(addend)
                                      : static_cast<std::int32_t>(addend);
            one.type = cursor.u32();
            one.symbol = name_of(cursor.u32());
            if (is_text && cursor.good()) {
                file_.relocations_.push_back(one);
            }
            if (file_.jump_targets_) {
                add_jump_target(one, is_text);
            }
        }
    }

    Bytes bytes_;
    AotFile file_{};
};

Result<AotFile> AotFile::parse(std::span<const std::byte> bytes) {
    return AotFileParser(bytes).parse();
}

} // namespace wdbg::dwarf
