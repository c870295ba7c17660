// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <wdbg/rsp/text.h>
#include <wdbg/rsp/wasm_packets.h>

namespace wdbg::rsp {

std::optional<std::uint32_t> parse_call_stack(std::string_view args) {
    TextReader reader(args);
    const auto thread = reader.hex_as<std::uint32_t>();
    return reader.at_end() ? thread : std::nullopt;
}

std::optional<FrameSlot> parse_frame_slot(std::string_view args) {
    TextReader reader(args);
    const auto frame = reader.decimal_as<std::uint32_t>();
    if (!frame || !reader.take(';')) {
        return std::nullopt;
    }
    const auto index = reader.decimal_as<std::uint32_t>();
    reader.take(';');
    if (!index || !reader.at_end()) {
        return std::nullopt;
    }
    return FrameSlot{.frame = *frame, .index = *index};
}

std::optional<GlobalQuery> parse_global(std::string_view args) {
    TextReader reader(args);
    const auto index = reader.decimal_as<std::uint32_t>();
    if (!index || !reader.take(";instance:")) {
        const std::optional<FrameSlot> slot = parse_frame_slot(args);
        return slot ? std::optional(GlobalQuery{.by_instance = false,
                                                .frame = slot->frame,
                                                .instance = 0,
                                                .index = slot->index})
                    : std::nullopt;
    }
    const auto instance = reader.decimal_as<std::uint32_t>();
    reader.take(';');
    if (!instance || !reader.at_end()) {
        return std::nullopt;
    }
    return GlobalQuery{.by_instance = true, .frame = 0, .instance = *instance, .index = *index};
}

std::optional<AddressRange> parse_address_range(std::string_view args) {
    TextReader reader(args);
    const auto address = reader.hex();
    if (!address || !reader.take(',')) {
        return std::nullopt;
    }
    const auto length = reader.hex();
    if (!length) {
        return std::nullopt;
    }
    return AddressRange{.address = WasmAddress(*address), .length = *length, .rest = reader.rest()};
}

std::optional<StopPointRequest> parse_stop_point(std::string_view args) {
    TextReader reader(args);
    const auto type = reader.decimal_as<std::uint8_t>();
    if (!type || *type > 4 || !reader.take(',')) {
        return std::nullopt;
    }
    const auto range = parse_address_range(reader.rest());
    // Commands (`;cmds:…`) are GDB's too; we do not announce them.
    if (!range || !(range->rest.empty() || range->rest.starts_with(';'))) {
        return std::nullopt;
    }
    const std::string_view conditions = range->rest.substr(range->rest.empty() ? 0 : 1);
    if (!(conditions.empty() || (conditions.starts_with('X') && *type < 2))) {
        return std::nullopt;
    }
    return StopPointRequest{
        .type = *type, .address = range->address, .kind = range->length, .conditions = conditions};
}

std::optional<std::string_view> take_condition(std::string_view& text) {
    TextReader reader(text);
    if (!reader.take('X')) {
        return std::nullopt;
    }
    const auto length = reader.hex_as<std::uint16_t>();
    const std::size_t count = std::size_t{2} * length.value_or(0);
    if (!length || !reader.take(',') || reader.rest().size() < count) {
        return std::nullopt;
    }
    const std::string_view digits = reader.rest().substr(0, count);
    text = reader.rest().substr(digits.size());
    return digits;
}

std::optional<ThreadSpec> take_thread_spec(std::string_view& text) {
    TextReader reader(text);
    if (reader.take('p')) {
        if (!reader.take("-1") && !reader.hex()) {
            return std::nullopt;
        }
        if (!reader.take('.')) {
            text = reader.rest();
            return ThreadSpec{.kind = ThreadSpec::Kind::All, .thread = 0};
        }
    }
    if (reader.take("-1")) {
        text = reader.rest();
        return ThreadSpec{.kind = ThreadSpec::Kind::All, .thread = 0};
    }
    const auto thread = reader.hex_as<std::uint32_t>();
    if (!thread) {
        return std::nullopt;
    }
    text = reader.rest();
    return ThreadSpec{.kind = *thread == 0 ? ThreadSpec::Kind::Any : ThreadSpec::Kind::One,
                      .thread = *thread};
}

void format_call_stack_entry(WasmAddress pc, char* out) {
    format_le64(pc.packed(), out);
}

} // namespace wdbg::rsp
