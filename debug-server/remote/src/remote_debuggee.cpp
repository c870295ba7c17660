// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "libraries.h"
#include "remote_impl.h"

#include <wdbg/dwarf/mapped_file.h>
#include <wdbg/wasm/loaded_names.h>

#include <algorithm>

namespace wdbg::remote {

namespace {

constexpr std::uint64_t page_size = 0x10000;
/// Largest module that is read out of a server.
constexpr std::size_t module_limit = std::size_t{512} << 20U;
/// What is compared at both ends to know a file for the module that runs.
constexpr std::size_t sample_size = 512;
/// Files from this size on are mapped.
constexpr std::size_t mapped_size = std::size_t{8} << 20U;

} // namespace

Result<std::uint64_t> to_packed(CodeAddress address) {
    const auto packed = rsp::WasmAddress::object(address.instance.value, address.offset.value);
    return packed ? Result<std::uint64_t>(packed->packed())
                  : fail(ErrorCode::OutOfRange, "the protocol cannot express this code address");
}

Result<std::uint64_t> to_packed(MemoryAddress address) {
    const auto packed =
        rsp::WasmAddress::memory(address.instance.value, address.memory, address.offset);
    return packed ? Result<std::uint64_t>(packed->packed())
                  : fail(ErrorCode::OutOfRange, "the protocol cannot express this memory address");
}

Result<std::unique_ptr<RemoteDebuggee>> RemoteDebuggee::connect(boost::asio::io_context& loop,
                                                                ConnectOptions options) {
    Result<std::shared_ptr<Link>> link = Link::open(loop, options);
    if (!link) {
        return std::unexpected(link.error());
    }
    auto debuggee = std::make_unique<RemoteImpl>(loop, std::move(*link), std::move(options));
    if (Result<void> begun = debuggee->begin(); !begun) {
        return std::unexpected(begun.error());
    }
    return debuggee;
}

RemoteImpl::RemoteImpl(boost::asio::io_context& loop, std::shared_ptr<Link> link,
                       ConnectOptions options)
    : loop_(loop)
    , link_(std::move(link))
    , options_(std::move(options)) {
    link_->client().set_console_handler(options_.console);
}

RemoteImpl::~RemoteImpl() {
    *alive_ = false;
    link_->close();
}

Result<void> RemoteImpl::begin() {
    rsp::Client& client = link_->client();
    Result<rsp::StopReply> stop =
        link_->ask<rsp::StopReply>([&client](auto done) { client.connect(std::move(done)); });
    if (!stop) {
        return fail(stop.error().code,
                    "the server at " + options_.host + ":" + std::to_string(options_.port) +
                        " does not answer as a debug server: " + stop.error().message);
    }
    const Result<std::string> actions = link_->ask_packet("vCont?");
    steps_ranges_ = actions && (*actions + ";").contains(";r;");
    if (steps_ranges_) {
        leaves_sites_ = true;
    }
    if (stop->kind == rsp::StopReply::Kind::Stopped) {
        if (Result<void> read = read_libraries(); !read) {
            return read;
        }
    }
    pending_ = std::move(stop);
    link_->watch();
    return {};
}

Result<std::vector<std::byte>> RemoteImpl::read_at(std::uint64_t address, std::size_t size) const {
    rsp::Client& client = link_->client();
    return link_->ask<std::vector<std::byte>>(
        [&](auto done) { client.read_memory(address, size, std::move(done)); });
}

/// Instances that are still there keep their module.
Result<void> RemoteImpl::read_libraries() {
    rsp::Client& client = link_->client();
    const Result<std::string> xml = link_->ask<std::string>(
        [&client](auto done) { client.read_object("libraries", "", std::move(done)); });
    if (!xml) {
        return fail(
            xml.error().code == ErrorCode::Unsupported ? ErrorCode::Unsupported : xml.error().code,
            "no list of WebAssembly modules from the server (is it a wasm debug server?): " +
                xml.error().message);
    }
    const Result<std::vector<Library>> libraries = parse_library_list(*xml);
    if (!libraries) {
        return std::unexpected(libraries.error());
    }
    std::map<InstanceId, RemoteInstance> present;
    for (const Library& library : *libraries) {
        const InstanceId id{library.address.id()};
        if (const auto known = instances_.find(id); known != instances_.end()) {
            present.insert(*known);
            continue;
        }
        Result<RemoteInstance> loaded = load_instance(library.name, library.address);
        if (!loaded) {
            return std::unexpected(loaded.error());
        }
        present.emplace(id, std::move(*loaded));
    }
    instances_ = std::move(present);
    return {};
}

Result<RemoteInstance> RemoteImpl::load_instance(const std::string& name,
                                                 rsp::WasmAddress address) {
    const bool is_main = address.id() == 0;
    std::filesystem::path path = name;
    std::error_code error;
    if (!std::filesystem::is_regular_file(path, error)) {
        path = is_main ? options_.module : std::filesystem::path();
    }
    auto module = load_module(path, address);
    if (!module) {
        return fail(module.error().code, "module " + name + ": " + module.error().message);
    }
    RemoteInstance instance{.info = {}, .module = std::move(*module)};
    instance.info = {.id = InstanceId{address.id()},
                     .module = ModuleId{address.id()},
                     .name = path.empty() ? name : path.filename().string(),
                     .path = path.empty() ? std::string() : path.string(),
                     .code_size = instance.module->bytes().size()};
    return instance;
}

/// By parts that no server changes: WAMR's rewrites the names of imports and exports.
bool RemoteImpl::is_the_module(const wasm::Module& file, rsp::WasmAddress address) const {
    const auto is_same = [&](std::size_t begin, std::size_t size) {
        const auto there = read_at(address.packed() + begin, size);
        return there && std::ranges::equal(*there, file.bytes().subspan(begin, size));
    };
    const auto has_same_ends = [&](std::size_t begin, std::size_t end) {
        const std::size_t size = std::min(end - begin, sample_size);
        return is_same(begin, size) && is_same(end - size, size);
    };
    const wasm::Section* code = file.section(wasm::SectionId::Code);
    if (code == nullptr) {
        return has_same_ends(0, file.bytes().size());
    }
    return has_same_ends(code->header.value, code->end.value) &&
           (code->end.value == file.bytes().size() ||
            has_same_ends(code->end.value, file.bytes().size()));
}

/// A large file stays where it is; a copy of a small one stands whatever becomes of the file.
Result<std::shared_ptr<const wasm::Module>> RemoteImpl::load_file(const std::filesystem::path& path,
                                                                  rsp::WasmAddress address) const {
    struct MappedModule {
        dwarf::MappedFile file;
        wasm::Module module;
    };

    auto file = dwarf::MappedFile::open(path.string());
    if (!file) {
        return std::unexpected(file.error());
    }
    const std::span<const std::byte> bytes = file->bytes();
    const bool maps = bytes.size() >= mapped_size;
    auto module =
        maps ? wasm::Module::parse(bytes) : wasm::Module::parse_owned({bytes.begin(), bytes.end()});
    if (!module) {
        return std::unexpected(module.error());
    }
    if (!is_the_module(*module, address)) {
        return fail(ErrorCode::NotFound, path.string() + " is not the module that runs");
    }
    auto held = std::make_shared<MappedModule>(maps ? std::move(*file) : dwarf::MappedFile(),
                                               std::move(*module));
    return std::shared_ptr<const wasm::Module>(held, &held->module);
}

/// The file, if it is what the server has; else out of the server.
Result<std::shared_ptr<const wasm::Module>>
RemoteImpl::load_module(const std::filesystem::path& path, rsp::WasmAddress address) {
    if (!path.empty()) {
        if (auto module = load_file(path, address)) {
            return module;
        }
    }
    auto bytes = read_at(address.packed(), module_limit);
    if (!bytes) {
        return std::unexpected(bytes.error());
    }
    if (!wasm::Module::parse(*bytes)) {
        wasm::restore_loaded_names(*bytes);
    }
    auto module = wasm::Module::parse_owned(std::move(*bytes));
    return module ? Result<std::shared_ptr<const wasm::Module>>(
                        std::make_shared<const wasm::Module>(std::move(*module)))
                  : std::unexpected(module.error());
}

const RemoteInstance* RemoteImpl::find(InstanceId id) const {
    const auto found = instances_.find(id);
    return found == instances_.end() ? nullptr : &found->second;
}

std::vector<InstanceInfo> RemoteImpl::instances() const {
    std::vector<InstanceInfo> infos;
    infos.reserve(instances_.size());
    for (const auto& [id, instance] : instances_) {
        infos.push_back(instance.info);
    }
    return infos;
}

Result<std::span<const std::byte>> RemoteImpl::code(InstanceId instance) const {
    const RemoteInstance* found = find(instance);
    if (found == nullptr) {
        return fail(ErrorCode::NotFound, "no instance " + std::to_string(instance.value));
    }
    return found->module->bytes();
}

/// By the server's memory regions; where it has none, by the module's type.
std::uint64_t RemoteImpl::memory_size(InstanceId instance, std::uint32_t index,
                                      const wasm::MemoryType& type) const {
    const auto key = std::pair(instance, index);
    if (const auto known = cache_.memory_sizes.find(key); known != cache_.memory_sizes.end()) {
        return known->second;
    }
    const auto address = to_packed(MemoryAddress{.instance = instance, .memory = index});
    std::uint64_t size = type.limits.max.value_or(page_size) * page_size;
    if (address) {
        rsp::Client& client = link_->client();
        const auto region = link_->ask<rsp::Client::MemoryRegion>(
            [&](auto done) { client.memory_region(*address, std::move(done)); });
        if (region && region->start == *address && !region->permissions.empty()) {
            size = region->size;
        }
    }
    cache_.memory_sizes[key] = size;
    return size;
}

Result<std::vector<MemoryInfo>> RemoteImpl::memories(InstanceId instance) const {
    if (const auto stopped = require_stopped(); !stopped) {
        return std::unexpected(stopped.error());
    }
    const RemoteInstance* found = find(instance);
    if (found == nullptr) {
        return fail(ErrorCode::NotFound, "no instance " + std::to_string(instance.value));
    }
    std::vector<MemoryInfo> memories;
    for (std::uint32_t index = 0; index < found->module->memories().size(); ++index) {
        const wasm::MemoryType& type = found->module->memories()[index];
        const auto& names = found->module->names().memories;
        const auto name = names.find(index);
        memories.push_back({.index = index,
                            .size = memory_size(instance, index, type),
                            .shared = type.limits.shared,
                            .name = name == names.end() ? "" : std::string(name->second)});
    }
    return memories;
}

} // namespace wdbg::remote
