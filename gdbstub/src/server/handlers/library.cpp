// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "handlers.h"

#include <algorithm>
#include <unordered_set>

namespace wdbg::rsp::handlers {

namespace {

void append_escaped(std::string& out, std::string_view text) {
    for (const char c : text) {
        switch (c) {
        case '&':
            out += "&amp;";
            break;
        case '<':
            out += "&lt;";
            break;
        case '>':
            out += "&gt;";
            break;
        case '"':
            out += "&quot;";
            break;
        default:
            out += static_cast<unsigned char>(c) < ' ' ? '?' : c;
        }
    }
}

/// The file's path, which lets LLDB read the file; but LLDB tells libraries apart by name only, so
/// further instances of one file go by their own name and are read from memory.
std::string unique_name(const InstanceInfo& instance, std::unordered_set<std::string>& taken) {
    for (const std::string& name : {instance.path, instance.name}) {
        if (!name.empty() && taken.insert(name).second) {
            return name;
        }
    }
    std::string numbered = instance.name + "@" + std::to_string(instance.id.value);
    while (!taken.insert(numbered).second) {
        numbered += '\'';
    }
    return numbered;
}

std::string library_list(const Debuggee& debuggee) {
    std::unordered_set<std::string> taken;
    std::string list = "<library-list>";
    for (const InstanceInfo& instance : debuggee.instances()) {
        const auto address = WasmAddress::object(instance.id.value, 0);
        if (!address) {
            continue;
        }
        char digits[16];
        list += "<library name=\"";
        append_escaped(list, unique_name(instance, taken));
        list += "\"><section address=\"0x";
        list.append(digits, format_hex(address->packed(), digits));
        list += "\"/></library>";
    }
    return list + "</library-list>";
}

} // namespace

/// `qXfer:libraries:read:<annex>:<offset>,<length>` → `m` and a part, or `l` and the last part.
/// The document is made at offset 0 and stays as it is for the pages that follow.
Status libraries(Session& session, std::string_view args, Reply& out) {
    TextReader reader(args);
    reader.take_until(':');
    const auto range = parse_address_range(reader.rest());
    if (!range || !range->rest.empty()) {
        return fail(ErrorCode::InvalidArgument, "expected an offset and a length in hex");
    }
    const std::uint64_t offset = range->address.packed();
    if (offset == 0 || session.library_list.empty()) {
        session.library_list = library_list(session.debuggee);
    }
    if (offset > session.library_list.size()) {
        return fail(ErrorCode::OutOfRange, "beyond the end of the list");
    }
    const std::string_view rest = std::string_view(session.library_list).substr(offset);
    const auto size =
        std::min<std::uint64_t>({range->length, rest.size(), session.options.packet_size});
    out.add(size == rest.size() ? 'l' : 'm').add(rest.substr(0, size));
    return Outcome::Reply;
}

} // namespace wdbg::rsp::handlers
