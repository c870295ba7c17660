// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// What is asked of a native server before anything else, and its files.
#include "../xml.h"
#include "target_impl.h"

#include <wdbg/model/hex.h>
#include <wdbg/rsp/text.h>

#include <algorithm>
#include <array>

namespace wdbg::remote {

namespace {

/// GDB's numbers of signals that wdbg wants to see: interrupt, and what traps and faults raise.
constexpr std::array seen_signals{2U, 4U, 5U, 8U, 10U, 11U};
constexpr unsigned last_signal = 0x97;
constexpr int description_depth = 8;
constexpr std::size_t description_limit = std::size_t{1} << 20U;

std::string hex_of_text(std::string_view text) {
    return hex_of(std::as_bytes(std::span(text)));
}

/// `F<result>[,<error>][;<data>]`, the answer to a file request.
struct FileReply {
    std::int64_t result = -1;
    std::string_view data{};
};

FileReply parse_file_reply(std::string_view text) {
    FileReply reply;
    rsp::TextReader reader(text);
    if (!reader.take('F')) {
        return reply;
    }
    const bool negative = reader.take('-');
    const auto number = reader.hex();
    if (number && !negative && *number <= 0x7fffffffU) {
        reply.result = static_cast<std::int64_t>(*number);
    }
    reader.take_until(';');
    reply.data = reader.rest();
    return reply;
}

/// One line of /proc/PID/maps.
std::optional<NativeRegion> parse_mapping(std::string_view line) {
    NativeRegion region;
    rsp::TextReader reader(line);
    const auto begin = reader.hex();
    const bool dash = reader.take('-');
    const auto end = reader.hex();
    if (!begin || !dash || !end || *end < *begin || !reader.take(' ')) {
        return std::nullopt;
    }
    region.range = {.begin = {*begin}, .end = {*end}};
    region.executable = reader.take_until(' ').contains('x');
    region.offset = reader.hex().value_or(0);
    reader.take(' ');
    reader.take_until(' '); // device
    reader.take_until(' '); // inode
    const std::string_view name = reader.rest();
    const std::size_t at = name.find_first_not_of(' ');
    region.file = at == std::string_view::npos ? std::string() : std::string(name.substr(at));
    return region;
}

} // namespace

ConnectOptions connection_options(const NativeConnectOptions& options) {
    return {.host = options.host,
            .port = options.port,
            .timeout = options.timeout,
            .module = {},
            .console = {},
            .features = "xmlRegisters=i386,arm;qXfer:features:read+",
            .trace = options.trace};
}

Result<std::unique_ptr<RemoteNativeTarget>>
RemoteNativeTarget::connect(boost::asio::io_context& loop, NativeConnectOptions options) {
    Result<std::shared_ptr<Link>> link = Link::open(loop, connection_options(options));
    if (!link) {
        return std::unexpected(link.error());
    }
    auto target = std::make_unique<NativeTargetImpl>(loop, std::move(*link), std::move(options));
    if (Result<void> begun = target->begin(); !begun) {
        return std::unexpected(begun.error());
    }
    return target;
}

NativeTargetImpl::NativeTargetImpl(boost::asio::io_context& loop, std::shared_ptr<Link> link,
                                   NativeConnectOptions options)
    : loop_(loop)
    , link_(std::move(link))
    , options_(std::move(options)) {
}

NativeTargetImpl::~NativeTargetImpl() {
    release();
    *alive_ = false;
}

Result<std::string> NativeTargetImpl::object(std::string_view name, std::string_view annex) const {
    rsp::Client& client = link_->client();
    return link_->ask<std::string>(
        [&](auto done) { client.read_object(name, annex, std::move(done)); });
}

/// It is there, whether it runs or not.
Result<void> NativeTargetImpl::require_target() const {
    if (state_ == NativeState::Ended) {
        return fail(ErrorCode::Gone, lost_.empty() ? "the target has ended" : lost_);
    }
    if (state_ == NativeState::Lost) {
        return fail(ErrorCode::Gone, lost_ + "; wdbg tries to reach it again");
    }
    return {};
}

Result<void> NativeTargetImpl::require_stopped() const {
    if (auto there = require_target(); !there) {
        return there;
    }
    if (state_ == NativeState::Running) {
        return fail(ErrorCode::NotStopped, "the target is running");
    }
    return {};
}

Result<void> NativeTargetImpl::begin() {
    rsp::Client& client = link_->client();
    const std::string server = options_.host + ":" + std::to_string(options_.port);
    const Result<rsp::StopReply> stop =
        link_->ask<rsp::StopReply>([&client](auto done) { client.connect(std::move(done)); });
    if (!stop) {
        return fail(stop.error().code,
                    "the server at " + server +
                        " does not answer as a debug server: " + stop.error().message);
    }
    if (stop->kind != rsp::StopReply::Kind::Stopped) {
        state_ = NativeState::Ended;
        return fail(ErrorCode::Gone, "the server at " + server + " has no running target");
    }
    if (Result<void> known = learn_machine(); !known) {
        return fail(known.error().code, "the server at " + server + ": " + known.error().message);
    }
    const Result<std::string> actions = link_->ask_packet("vCont?");
    steps_ranges_ = actions && (*actions + ";").contains(";r;");
    client.set_has_vcont(actions && (*actions + ";").contains(";c;"));
    learn_flash();
    pass_signals();
    // A server that takes small packets, or is none of a whole system, is behind a slow link,
    // mostly: a packet costs as much time there as some tens of bytes.
    constexpr std::size_t large_packet = 4096;
    const bool is_near = client.packet_size() >= large_packet && steps_ranges_;
    cache_.memory =
        is_near ? MemoryCache(256, std::size_t{16} << 10U) : MemoryCache(64, std::size_t{192});
    event_thread_ = stop->thread;
    take_expedited(*stop);
    if (event_thread_ == 0) {
        const auto threads = server_threads();
        event_thread_ = threads && !threads->empty() ? threads->front() : 1;
    }
    return {};
}

/// A description with what it includes.
Result<std::string> NativeTargetImpl::description(const std::string& annex, int depth) const {
    const Result<std::string> file = object("features", annex);
    if (!file || depth == 0) {
        return file;
    }
    std::string whole;
    std::string_view rest = *file;
    while (const auto found = xml::next_tag(rest)) {
        const auto included = found->tag.starts_with("xi:include")
                                  ? xml::attribute(found->tag, "href")
                                  : std::nullopt;
        whole.append(found->text_before);
        if (included) {
            const Result<std::string> part = description(*included, depth - 1);
            if (!part) {
                return part;
            }
            whole += *part;
        } else {
            whole.append("<").append(found->tag).append(">");
        }
        if (whole.size() > description_limit) {
            return fail(ErrorCode::Malformed, "the target description has no end");
        }
    }
    return whole;
}

Result<void> NativeTargetImpl::learn_machine() {
    const Result<std::string> xml =
        link_->client().supports("qXfer:features:read")
            ? description("target.xml", description_depth)
            : fail(ErrorCode::NotFound, "it does not tell what machine it is");
    Result<RegisterLayout> layout =
        xml ? RegisterLayout::parse(*xml) : std::unexpected(xml.error());
    const bool told = layout || (xml && layout.error().code != ErrorCode::NotFound);
    if (!told && options_.machine) {
        layout = RegisterLayout::default_of(*options_.machine);
    }
    if (!layout) {
        return std::unexpected(layout.error());
    }
    layout_ = std::move(*layout);
    if (options_.machine && layout_.machine() != *options_.machine) {
        return fail(ErrorCode::Unsupported,
                    "the target is " + std::string(name_of(layout_.machine())) +
                        ", the debug file is for " + std::string(name_of(*options_.machine)));
    }
    return {};
}

/// Flash cannot be patched: what lies there gets hardware breakpoints.
void NativeTargetImpl::learn_flash() {
    if (!link_->client().supports("qXfer:memory-map:read")) {
        return;
    }
    const Result<std::string> map = object("memory-map", "");
    if (!map) {
        return;
    }
    std::string_view rest = *map;
    while (const auto found = xml::next_tag(rest)) {
        const std::string type = xml::attribute(found->tag, "type").value_or("");
        const auto start = rsp::parse_integer(xml::attribute(found->tag, "start").value_or(""));
        const auto length = rsp::parse_integer(xml::attribute(found->tag, "length").value_or(""));
        if (found->tag.starts_with("memory ") && (type == "flash" || type == "rom") && start &&
            length) {
            flash_.push_back({.begin = {*start}, .end = {*start + *length}});
        }
    }
}

/// All others go to the target without a stop.
void NativeTargetImpl::pass_signals() {
    if (!link_->client().supports("QPassSignals")) {
        return;
    }
    std::string packet = "QPassSignals:";
    for (unsigned signal = 1; signal <= last_signal; ++signal) {
        if (std::ranges::find(seen_signals, signal) == seen_signals.end()) {
            packet += hex_of(signal) + ";";
        }
    }
    packet.pop_back();
    [[maybe_unused]] const auto told = link_->ask_packet(packet); // else each is passed on by hand
}

// --- Files of the target's system ----------------------------------------------------------------

Result<std::vector<std::byte>> NativeTargetImpl::read_file(const std::string& path,
                                                           std::size_t limit) const {
    if (!has_files_) {
        return fail(ErrorCode::Unsupported, "the server has no file requests");
    }
    const Result<std::string> opened =
        link_->ask_packet("vFile:open:" + hex_of_text(path) + ",0,0");
    if (!opened) {
        has_files_ = opened.error().code != ErrorCode::Unsupported;
        return std::unexpected(opened.error());
    }
    const std::int64_t descriptor = parse_file_reply(*opened).result;
    if (descriptor < 0) {
        return fail(ErrorCode::NotFound, path + ": the server cannot open it");
    }
    const std::string number = hex_of(static_cast<std::uint64_t>(descriptor));
    const std::size_t room = std::max<std::size_t>(link_->client().packet_size() / 2, 64) - 32;
    std::vector<std::byte> bytes;
    bool more = true;
    while (more && bytes.size() < limit) {
        const Result<std::string> part = link_->ask_packet(
            "vFile:pread:" + number + "," + hex_of(room) + "," + hex_of(bytes.size()));
        const FileReply reply = part ? parse_file_reply(*part) : FileReply{};
        more = reply.result > 0 && !reply.data.empty();
        const auto data = std::as_bytes(std::span(reply.data));
        bytes.insert(bytes.end(), data.begin(), data.end());
    }
    [[maybe_unused]] const auto closed = link_->ask_packet("vFile:close:" + number);
    return bytes;
}

Result<std::vector<NativeRegion>> NativeTargetImpl::memory_map() const {
    constexpr std::size_t limit = std::size_t{8} << 20U;
    if (auto stopped = require_stopped(); !stopped) {
        return std::unexpected(stopped.error());
    }
    const auto bytes = read_file("/proc/" + std::to_string(event_thread_) + "/maps", limit);
    if (!bytes) {
        return fail(ErrorCode::Unsupported, "the server does not tell the target's memory map (" +
                                                bytes.error().message + ")");
    }
    std::vector<NativeRegion> regions;
    rsp::TextReader reader(
        std::string_view(reinterpret_cast<const char*>(bytes->data()), bytes->size()));
    while (!reader.at_end()) {
        if (auto region = parse_mapping(reader.take_until('\n'))) {
            regions.push_back(std::move(*region));
        }
    }
    return regions;
}

} // namespace wdbg::remote
