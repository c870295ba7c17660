// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "client_impl.h"
#include "replies.h"

#include <algorithm>

namespace wdbg::rsp {

namespace {

/// qfThreadInfo, then qsThreadInfo until `l`.
struct ThreadLister : std::enable_shared_from_this<ThreadLister> {
    ThreadLister(Client& owner, Client::Handler<std::vector<std::uint64_t>> handler)
        : client(owner)
        , done(std::move(handler)) {}

    void ask(const char* packet) {
        client.request(packet, [self = shared_from_this()](Result<std::string_view> reply) {
            self->take(reply);
        });
    }

    void take(const Result<std::string_view>& reply) {
        constexpr std::size_t limit = 1U << 16U;
        if (!reply) {
            done(std::unexpected(reply.error()));
        } else if (reply->starts_with('l')) {
            done(std::move(found));
        } else if (!reply->starts_with('m') || !add(reply->substr(1)) || found.size() > limit) {
            done(fail(ErrorCode::Malformed, "malformed list of threads"));
        } else {
            ask("qsThreadInfo");
        }
    }

    bool add(std::string_view list) {
        TextReader reader(list);
        do {
            if (reader.take('p')) {
                reader.take_until('.');
            }
            const auto thread = reader.hex();
            if (!thread) {
                return false;
            }
            found.push_back(*thread);
        } while (reader.take(','));
        return reader.at_end();
    }

    Client& client;
    Client::Handler<std::vector<std::uint64_t>> done;
    std::vector<std::uint64_t> found;
};

/// `x` or `m`, part by part.
struct MemoryReader : std::enable_shared_from_this<MemoryReader> {
    MemoryReader(Client& owner, std::uint64_t start, std::size_t length,
                 Client::Handler<Bytes> handler)
        : client(owner)
        , address(start)
        , left(length)
        , binary(owner.supports("binary-upload"))
        , done(std::move(handler)) {}

    void ask() {
        if (left == 0) {
            done(std::move(bytes));
            return;
        }
        const std::size_t room = client.packet_size() - 16;
        asked = std::min(left, binary ? room : room / 2);
        client.request(
            (binary ? "x" : "m") + hex_of(address) + "," + hex_of(asked),
            [self = shared_from_this()](Result<std::string_view> reply) { self->take(reply); });
    }

    void take(const Result<std::string_view>& reply) {
        const Result<Bytes> part =
            reply ? decode(*reply) : Result<Bytes>(std::unexpected(reply.error()));
        if (!part && bytes.empty()) {
            done(std::unexpected(part.error()));
            return;
        }
        if (!part || part->empty()) {
            done(std::move(bytes)); // as far as it went
            return;
        }
        bytes.insert(bytes.end(), part->begin(), part->end());
        address += part->size();
        left = part->size() < asked ? 0 : left - part->size();
        ask();
    }

    Result<Bytes> decode(std::string_view reply) const {
        if (!binary) {
            Result<Bytes> part = bytes_of(reply);
            return part && part->size() > asked ? too_long() : part;
        }
        if (!reply.starts_with('b')) {
            return fail(ErrorCode::Malformed, "expected b and binary data");
        }
        reply.remove_prefix(1);
        const auto data = std::as_bytes(std::span(reply));
        return data.size() > asked ? too_long() : Bytes(data.begin(), data.end());
    }

    static Result<Bytes> too_long() {
        return fail(ErrorCode::Malformed, "more memory than was asked for");
    }

    Client& client;
    std::uint64_t address;
    std::size_t left;
    std::size_t asked = 0;
    bool binary;
    Bytes bytes;
    Client::Handler<Bytes> done;
};

/// `X`, where an X of no bytes has been answered with OK; else `M`.
struct MemoryWriter : std::enable_shared_from_this<MemoryWriter> {
    MemoryWriter(Client& owner, std::optional<bool>& known, std::uint64_t start, Bytes data,
                 Client::Handler<void> handler)
        : client(owner)
        , binary(known)
        , address(start)
        , bytes(std::move(data))
        , done(std::move(handler)) {}

    void begin() {
        if (binary) {
            write();
            return;
        }
        client.request("X" + hex_of(address) + ",0:",
                       [self = shared_from_this()](Result<std::string_view> reply) {
                           self->binary = reply && *reply == "OK";
                           self->write();
                       });
    }

    void write() {
        if (written == bytes.size()) {
            done({});
            return;
        }
        // Every byte may have to be escaped.
        const std::size_t room = (client.packet_size() - 32) / 2;
        const auto part = std::span(bytes).subspan(written, std::min(room, bytes.size() - written));
        std::string packet =
            (*binary ? "X" : "M") + hex_of(address + written) + "," + hex_of(part.size()) + ":";
        packet += *binary ? std::string(reinterpret_cast<const char*>(part.data()), part.size())
                          : hex_of(part);
        written += part.size();
        client.request(std::move(packet), expect_ok([self = shared_from_this()](Result<void> ok) {
                           ok ? self->write() : self->done(std::unexpected(ok.error()));
                       }));
    }

    Client& client;
    std::optional<bool>& binary;
    std::uint64_t address;
    Bytes bytes;
    std::size_t written = 0;
    Client::Handler<void> done;
};

/// `qXfer:object:read:annex:offset,length` until `l`.
struct ObjectReader : std::enable_shared_from_this<ObjectReader> {
    ObjectReader(Client& owner, std::string_view object, std::string_view annex,
                 Client::Handler<std::string> handler)
        : client(owner)
        , prefix("qXfer:" + std::string(object) + ":read:" + std::string(annex) + ":")
        , done(std::move(handler)) {}

    void ask() {
        client.request(
            prefix + hex_of(text.size()) + "," + hex_of(client.packet_size() - 16),
            [self = shared_from_this()](Result<std::string_view> reply) { self->take(reply); });
    }

    void take(const Result<std::string_view>& reply) {
        constexpr std::size_t limit = std::size_t{64} << 20U;
        if (!reply) {
            done(std::unexpected(reply.error()));
            return;
        }
        const char kind = reply->front();
        text += reply->substr(1);
        if (kind == 'l') {
            done(std::move(text));
        } else if (kind == 'm' && reply->size() > 1 && text.size() <= limit) {
            ask();
        } else {
            done(fail(ErrorCode::Malformed, "malformed part of " + prefix));
        }
    }

    Client& client;
    std::string prefix;
    std::string text;
    Client::Handler<std::string> done;
};

Result<Client::MemoryRegion> parse_region(std::string_view reply) {
    Client::MemoryRegion region;
    TextReader reader(reply);
    while (!reader.at_end()) {
        TextReader field(reader.take_until(';'));
        const std::string_view key = field.take_until(':');
        if (key == "start") {
            region.start = field.hex().value_or(0);
        } else if (key == "size") {
            region.size = field.hex().value_or(0);
        } else if (key == "permissions") {
            region.permissions = field.rest();
        } else if (key == "name") {
            const Result<Bytes> name = bytes_of(field.rest());
            region.name =
                name ? std::string(reinterpret_cast<const char*>(name->data()), name->size())
                     : std::string();
        }
    }
    if (region.size == 0) {
        return fail(ErrorCode::Malformed, "a memory region of no size");
    }
    return region;
}

Result<std::vector<std::uint64_t>> parse_call_stack_reply(std::string_view reply) {
    const Result<Bytes> bytes = bytes_of(reply);
    if (!bytes || bytes->size() % 8 != 0) {
        return fail(ErrorCode::Malformed, "malformed call stack");
    }
    std::vector<std::uint64_t> pcs(bytes->size() / 8);
    for (std::size_t i = 0; i < bytes->size(); ++i) {
        pcs[i / 8] |= std::to_integer<std::uint64_t>((*bytes)[i]) << (8 * (i % 8));
    }
    return pcs;
}

std::string frame_slot(const char* packet, std::uint32_t frame, std::uint32_t index) {
    return packet + std::to_string(frame) + ";" + std::to_string(index);
}

} // namespace

void Client::threads(Handler<std::vector<std::uint64_t>> done) {
    std::make_shared<ThreadLister>(*this, std::move(done))->ask("qfThreadInfo");
}

void Client::read_register(unsigned number, std::uint64_t thread, Handler<Bytes> done) {
    if (thread != 0 && !impl_->thread_suffixes) {
        request("Hg" + hex_of(thread), {});
    }
    request("p" + hex_of(number) + impl_->thread_suffix(thread), expect_bytes(std::move(done)));
}

void Client::write_register(unsigned number, std::uint64_t thread, Bytes bytes,
                            Handler<void> done) {
    if (thread != 0 && !impl_->thread_suffixes) {
        request("Hg" + hex_of(thread), {});
    }
    request("P" + hex_of(number) + "=" + hex_of(bytes) + impl_->thread_suffix(thread),
            expect_ok(std::move(done)));
}

void Client::read_registers(std::uint64_t thread, Handler<Bytes> done) {
    if (thread != 0 && !impl_->thread_suffixes) {
        request("Hg" + hex_of(thread), {});
    }
    request("g" + impl_->thread_suffix(thread), expect_bytes(std::move(done)));
}

void Client::read_memory(std::uint64_t address, std::size_t size, Handler<Bytes> done) {
    std::make_shared<MemoryReader>(*this, address, size, std::move(done))->ask();
}

void Client::write_memory(std::uint64_t address, Bytes bytes, Handler<void> done) {
    std::make_shared<MemoryWriter>(*this, impl_->binary_writes, address, std::move(bytes),
                                   std::move(done))
        ->begin();
}

void Client::stop_point(bool set, unsigned type, std::uint64_t address, std::uint64_t kind,
                        Handler<void> done) {
    request((set ? "Z" : "z") + std::to_string(type) + "," + hex_of(address) + "," + hex_of(kind),
            expect_ok(std::move(done)));
}

void Client::read_object(std::string_view object, std::string_view annex,
                         Handler<std::string> done) {
    std::make_shared<ObjectReader>(*this, object, annex, std::move(done))->ask();
}

void Client::memory_region(std::uint64_t address, Handler<MemoryRegion> done) {
    request("qMemoryRegionInfo:" + hex_of(address), [done = std::move(done)](
                                                        Result<std::string_view> reply) {
        done(reply ? parse_region(*reply) : Result<MemoryRegion>(std::unexpected(reply.error())));
    });
}

void Client::call_stack(std::uint64_t thread, Handler<std::vector<std::uint64_t>> done) {
    request("qWasmCallStack:" + hex_of(thread),
            [done = std::move(done)](Result<std::string_view> reply) {
                done(reply ? parse_call_stack_reply(*reply)
                           : Result<std::vector<std::uint64_t>>(std::unexpected(reply.error())));
            });
}

void Client::local(std::uint64_t thread, std::uint32_t frame, std::uint32_t index,
                   Handler<Bytes> done) {
    request("Hg" + hex_of(thread), {});
    request(frame_slot("qWasmLocal:", frame, index), expect_bytes(std::move(done)));
}

void Client::stack_value(std::uint64_t thread, std::uint32_t frame, std::uint32_t index,
                         Handler<Bytes> done) {
    request("Hg" + hex_of(thread), {});
    request(frame_slot("qWasmStackValue:", frame, index), expect_bytes(std::move(done)));
}

void Client::global(std::uint64_t thread, std::uint32_t frame, std::uint32_t index,
                    Handler<Bytes> done) {
    request("Hg" + hex_of(thread), {});
    request(frame_slot("qWasmGlobal:", frame, index), expect_bytes(std::move(done)));
}

} // namespace wdbg::rsp
