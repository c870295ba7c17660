// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A server that says anything, to a client that asks for everything. Each line of the input is a
// packet; a line that begins with 0x02 is raw bytes, with 0x01 time that passes. Every request is
// answered exactly once.
#include <wdbg/rsp/client.h>
#include <wdbg/rsp/native_listing.h>

#include <cstdint>
#include <cstdlib>

namespace {

using namespace wdbg::rsp;

void require(bool condition) {
    if (!condition) {
        std::abort();
    }
}

/// A handler that must be called once.
class Once {
  public:
    template <class T>
    Client::Handler<T> handler() {
        ++due_;
        return [this, called = false](const wdbg::Result<T>&) mutable {
            require(!called);
            called = true;
            --due_;
        };
    }

    [[nodiscard]] int due() const { return due_; }

  private:
    int due_ = 0;
};

using Bytes = std::vector<std::byte>;

void ask_everything(Client& client, Once& once) {
    client.connect(once.handler<StopReply>());
    client.threads(once.handler<std::vector<std::uint64_t>>());
    client.read_register(0, 1, once.handler<Bytes>());
    client.read_memory(0x400, 3000, once.handler<Bytes>());
    client.write_memory(0x400, Bytes(1000), once.handler<void>());
    client.read_object("libraries", "", once.handler<std::string>());
    client.memory_region(0, once.handler<Client::MemoryRegion>());
    client.call_stack(1, once.handler<std::vector<std::uint64_t>>());
    client.local(1, 0, 0, once.handler<Bytes>());
    client.stop_point(true, 0, 1, 0, once.handler<void>());
    client.resume({{}}, once.handler<StopReply>());
    client.kill(once.handler<void>());
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view input(reinterpret_cast<const char*>(data), size);
    if (const auto listing = parse_native_listing(input)) {
        require(parse_native_listing(format_native_listing(*listing))->size() == listing->size());
    }
    Once once;
    Client client([](std::string_view) {}, {.reply_limit = 4096});
    Client::TimePoint now{};
    ask_everything(client, once);
    while (!input.empty()) {
        const std::size_t end = std::min(input.find('\n'), input.size());
        const std::string_view line = input.substr(0, end);
        input.remove_prefix(std::min(end + 1, input.size()));
        if (line.starts_with('\x01')) {
            client.tick(now += std::chrono::seconds(4));
        } else if (line.starts_with('\x02')) {
            client.receive(line.substr(1));
        } else {
            std::string bytes(framed_size_limit(line.size()), '\0');
            bytes.resize(frame(line, bytes.data()));
            client.receive(bytes);
        }
    }
    client.connection_lost();
    require(once.due() == 0);
    return 0;
}
