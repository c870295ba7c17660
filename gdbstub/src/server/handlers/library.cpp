// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "handlers.h"
#include "page.h"

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
    const auto page = parse_page(args);
    if (!page) {
        return std::unexpected(page.error());
    }
    if (page->offset == 0 || session.library_list.empty()) {
        session.library_list = library_list(session.debuggee);
        session.listed = instance_ids(session.debuggee);
    }
    return add_page(session, *page, session.library_list, out);
}

} // namespace wdbg::rsp::handlers
