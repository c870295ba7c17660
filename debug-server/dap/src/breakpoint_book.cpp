// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "breakpoint_book.h"

#include "references.h"

#include <algorithm>
#include <charconv>

namespace wdbg::dap {

namespace {

constexpr std::string_view not_running = "will be set when a guest runs";

protocol::Breakpoint pending(int id) {
    return {.id = id, .verified = false, .message = std::string(not_running), .reason = "pending"};
}

WatchKind watch_kind(const std::optional<std::string>& access) {
    if (access == "read") {
        return WatchKind::Read;
    }
    return access == "readWrite" ? WatchKind::Access : WatchKind::Write;
}

std::string_view file_name(std::string_view path) {
    return path.substr(path.rfind('/') + 1);
}

std::optional<std::uint64_t> take_number(std::string_view& text) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{}) {
        return std::nullopt;
    }
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    text.remove_prefix(text.starts_with('/') ? 1 : 0);
    return value;
}

} // namespace

std::string data_id(const source::DataLocation& location) {
    return std::to_string(location.address.instance.value) + "/" +
           std::to_string(location.address.memory) + "/" + std::to_string(location.address.offset) +
           "/" + std::to_string(location.size);
}

Result<source::DataLocation> parse_data_id(const std::string& text) {
    std::string_view rest = text;
    std::array<std::uint64_t, 4> numbers{};
    for (std::uint64_t& number : numbers) {
        const auto value = take_number(rest);
        if (!value) {
            return fail(ErrorCode::InvalidArgument, "\"" + text + "\" is no dataId of ours");
        }
        number = *value;
    }
    return source::DataLocation{
        .address = {.instance = InstanceId{static_cast<std::uint32_t>(numbers[0])},
                    .memory = static_cast<std::uint32_t>(numbers[1]),
                    .offset = numbers[2]},
        .size = numbers[3]};
}

template <class Spec>
void BreakpointBook::replace(Group<Spec>& group, std::vector<Spec> specs) {
    group.specs = std::move(specs);
    group.ids.clear();
    for (std::size_t i = 0; i < group.specs.size(); ++i) {
        group.ids.push_back(++last_id_);
    }
}

protocol::Breakpoint BreakpointBook::describe(const source::BreakpointInfo& info, int id) const {
    protocol::Breakpoint breakpoint{.id = id, .verified = info.verified};
    if (!info.message.empty()) {
        breakpoint.message = info.message;
    }
    if (!info.path.empty()) {
        breakpoint.source = source_of(client_path(info.path));
    }
    if (info.line != 0) {
        breakpoint.line = info.line;
    }
    if (info.column != 0) {
        breakpoint.column = info.column;
    }
    if (!info.locations.empty()) {
        breakpoint.instructionReference = reference_of(info.locations.front());
    }
    return breakpoint;
}

std::vector<protocol::Breakpoint>
BreakpointBook::describe_all(const std::vector<source::BreakpointInfo>& infos,
                             const std::vector<int>& ids) {
    std::vector<protocol::Breakpoint> all;
    for (std::size_t i = 0; i < ids.size(); ++i) {
        if (i >= infos.size()) {
            all.push_back(pending(ids[i]));
            continue;
        }
        client_ids_[infos[i].id] = ids[i];
        all.push_back(describe(infos[i], ids[i]));
    }
    return all;
}

std::vector<protocol::Breakpoint>
BreakpointBook::set_source(source::SourceLevel* level, const std::string& path,
                           std::vector<source::SourceBreakpointSpec> specs) {
    auto& group = sources_[path];
    replace(group, std::move(specs));
    return describe_all(level == nullptr ? std::vector<source::BreakpointInfo>()
                                         : apply_source(*level, path, group.specs),
                        group.ids);
}

std::vector<source::BreakpointInfo>
BreakpointBook::apply_source(source::SourceLevel& level, const std::string& path,
                             const std::vector<source::SourceBreakpointSpec>& specs) {
    std::vector<source::BreakpointInfo> infos = level.set_source_breakpoints(path, specs);
    for (const source::BreakpointInfo& info : infos) {
        if (!info.path.empty() && info.path != path && file_name(info.path) == file_name(path)) {
            client_paths_[info.path] = path;
        }
    }
    return infos;
}

std::string BreakpointBook::client_path(const std::string& path) const {
    const auto found = client_paths_.find(path);
    return found == client_paths_.end() ? path : found->second;
}

std::vector<protocol::Breakpoint>
BreakpointBook::set_functions(source::SourceLevel* level,
                              std::vector<source::FunctionBreakpointSpec> specs) {
    replace(functions_, std::move(specs));
    return describe_all(level == nullptr ? std::vector<source::BreakpointInfo>()
                                         : level->set_function_breakpoints(functions_.specs),
                        functions_.ids);
}

/// The source level has one list of them: ours together, of which those of `group` are returned.
std::vector<source::BreakpointInfo> BreakpointBook::apply_instructions(source::SourceLevel& level,
                                                                       const std::string& group) {
    std::vector<source::InstructionBreakpointSpec> all;
    std::vector<int> ids;
    std::size_t begin = 0;
    for (const auto& [name, each] : instructions_) {
        begin = name == group ? all.size() : begin;
        all.insert(all.end(), each.specs.begin(), each.specs.end());
        ids.insert(ids.end(), each.ids.begin(), each.ids.end());
    }
    const std::vector<source::BreakpointInfo> infos = level.set_instruction_breakpoints(all);
    for (std::size_t i = 0; i < infos.size() && i < ids.size(); ++i) {
        client_ids_[infos[i].id] = ids[i];
    }
    const std::size_t count = instructions_[group].specs.size();
    if (begin + count > infos.size()) {
        return {};
    }
    const auto first = infos.begin() + static_cast<std::ptrdiff_t>(begin);
    return {first, first + static_cast<std::ptrdiff_t>(count)};
}

std::vector<protocol::Breakpoint>
BreakpointBook::set_instructions(source::SourceLevel* level, const std::string& group,
                                 std::vector<source::InstructionBreakpointSpec> specs) {
    replace(instructions_[group], std::move(specs));
    return describe_all(level == nullptr ? std::vector<source::BreakpointInfo>()
                                         : apply_instructions(*level, group),
                        instructions_[group].ids);
}

void BreakpointBook::apply_data(source::SourceLevel& level, DataPoint& point) {
    point.watchpoint.reset();
    point.hits = 0;
    const auto location = parse_data_id(point.wanted.dataId);
    if (!location) {
        point.problem = location.error().message;
        return;
    }
    point.address = location->address;
    point.size = location->size;
    WatchpointSupport* support = level.debuggee().watchpoints();
    if (support == nullptr) {
        point.problem = "this engine has no data breakpoints";
        return;
    }
    const auto added = support->add({.address = point.address,
                                     .size = point.size,
                                     .kind = watch_kind(point.wanted.accessType)});
    if (added) {
        point.watchpoint = *added;
        point.problem.clear();
    } else {
        point.problem = added.error().message;
    }
}

std::vector<protocol::Breakpoint>
BreakpointBook::set_data(source::SourceLevel* level, std::vector<protocol::DataBreakpoint> specs) {
    for (const DataPoint& old : data_) {
        if (old.watchpoint && level != nullptr && level->debuggee().watchpoints() != nullptr) {
            [[maybe_unused]] const auto removed =
                level->debuggee().watchpoints()->remove(*old.watchpoint);
        }
    }
    data_.clear();
    std::vector<protocol::Breakpoint> answers;
    for (protocol::DataBreakpoint& spec : specs) {
        DataPoint& point = data_.emplace_back();
        point.id = ++last_id_;
        point.wanted = std::move(spec);
        if (level == nullptr) {
            answers.push_back(pending(point.id));
            continue;
        }
        apply_data(*level, point);
        protocol::Breakpoint answer{.id = point.id, .verified = point.watchpoint.has_value()};
        if (!point.problem.empty()) {
            answer.message = point.problem;
            answer.reason = "failed";
        }
        answers.push_back(std::move(answer));
    }
    return answers;
}

std::vector<protocol::Breakpoint> BreakpointBook::apply_all(source::SourceLevel& level) {
    client_ids_.clear();
    std::vector<protocol::Breakpoint> changed;
    const auto add = [&](const std::vector<protocol::Breakpoint>& more) {
        changed.insert(changed.end(), more.begin(), more.end());
    };
    for (const auto& [path, group] : sources_) {
        add(describe_all(apply_source(level, path, group.specs), group.ids));
    }
    add(describe_all(level.set_function_breakpoints(functions_.specs), functions_.ids));
    for (const auto& [name, group] : instructions_) {
        add(describe_all(apply_instructions(level, name), group.ids));
    }
    for (DataPoint& point : data_) {
        apply_data(level, point);
        changed.push_back({.id = point.id, .verified = point.watchpoint.has_value()});
    }
    return changed;
}

int BreakpointBook::client_id(source::BreakpointId id) const {
    const auto found = client_ids_.find(id);
    return found == client_ids_.end() ? 0 : found->second;
}

BreakpointBook::DataPoint* BreakpointBook::find_data(WatchpointId id) {
    const auto found = std::ranges::find(data_, std::optional(id), &DataPoint::watchpoint);
    return found == data_.end() ? nullptr : &*found;
}

} // namespace wdbg::dap
