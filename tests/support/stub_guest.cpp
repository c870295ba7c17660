// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "stub_guest.h"

#include <algorithm>
#include <cstring>
#include <guest.h>
#include <stub_internal.h>
#include <utility>

namespace wdbg::test {

StubGuest* StubGuest::current = nullptr;

StubGuest::StubGuest() : frames{first_instruction + 2, 40} {
    current = this;
    // local.get 1, i32.const 200 (two bytes), i32.add, nop, …
    const std::array<std::uint8_t, 8> body{0x20, 0x01, 0x41, 0xC8, 0x01, 0x6A, 0x01, 0x01};
    code.fill(0x01);
    std::ranges::copy(body, code.begin() + first_instruction);
    const WdbgStubTransport transport{&read, &write, this};
    wdbg_stub_init(&transport);
    const WdbgStubModule module{"/tmp/a&b.wasm", code.data(), code.size(), nullptr};
    wdbg_stub.module = module;
    output_.clear();
}

StubGuest::~StubGuest() {
    wdbg_stub_detach();
    current = nullptr;
}

void StubGuest::send(std::string_view bytes) {
    input_.insert(input_.end(), bytes.begin(), bytes.end());
}

void StubGuest::send_packet(std::string_view packet) {
    std::string framed(2 * packet.size() + 4, '\0');
    framed.resize(wdbg_frame(packet.data(), packet.size(), framed.data()));
    send(framed);
}

std::string StubGuest::take_output() {
    return std::exchange(output_, {});
}

void StubGuest::stop() {
    wdbg_stub_stop(WdbgSignalTrap, "signal", "attached");
}

std::string StubGuest::ask(std::string_view packet) {
    take_output();
    wdbg_stub.attached = true;
    wdbg_stub.stopped = true;
    wdbg_stub.no_ack = true;
    (void)wdbg_guest_pc(0, &wdbg_stub.pc);
    send_packet(packet);
    wdbg_stub_receive(true);
    const std::string framed = take_output();
    std::array<char, 8192> buffer{};
    WdbgDeframer deframer{};
    wdbg_deframer_init(&deframer, buffer.data(), buffer.size(), true);
    const char* at = framed.data();
    std::size_t left = framed.size();
    return wdbg_deframer_next(&deframer, &at, &left) == WdbgFramePacket
               ? std::string(buffer.data(), deframer.size)
               : "no reply: " + framed;
}

int StubGuest::read(void* self, void* bytes, std::size_t size, bool wait) {
    auto& guest = *static_cast<StubGuest*>(self);
    const std::size_t count = std::min({size, guest.portion, guest.input_.size()});
    if (count == 0) {
        return wait ? -1 : 0;
    }
    std::copy_n(guest.input_.begin(), count, static_cast<char*>(bytes));
    guest.input_.erase(guest.input_.begin(), guest.input_.begin() + static_cast<long>(count));
    return static_cast<int>(count);
}

int StubGuest::write(void* self, const void* bytes, std::size_t size) {
    static_cast<StubGuest*>(self)->output_.append(static_cast<const char*>(bytes), size);
    return 0;
}

} // namespace wdbg::test

// --- What stub_wamr.c is for WAMR ---------------------------------------------------------------

using wdbg::test::StubGuest;

namespace {
StubGuest*& current = StubGuest::current;
} // namespace

bool wdbg_guest_pc(std::uint32_t index, std::uint32_t* offset) {
    if (index >= current->frames.size()) {
        return false;
    }
    *offset = current->frames[index];
    return true;
}

std::size_t wdbg_guest_local(std::uint32_t index, std::uint32_t local, std::uint8_t* value) {
    if (index >= current->frames.size() || local > 2) {
        return 0;
    }
    const std::size_t size = std::size_t{4} << local;
    std::memset(value, static_cast<int>(0xA0 + index), size);
    return size;
}

std::size_t wdbg_guest_global(std::uint32_t global, std::uint8_t* value) {
    std::memset(value, 0xB0, 4);
    return global == 0 ? 4 : 0;
}

std::uint32_t wdbg_guest_stack(std::uint32_t index, const std::uint32_t** cells,
                               WdbgGuestCode* where) {
    *cells = current->stack.data();
    *where = {.begin = StubGuest::first_instruction,
              .end = static_cast<std::uint32_t>(current->code.size()),
              .pc = index < current->frames.size() ? current->frames[index] : 0};
    return static_cast<std::uint32_t>(current->stack.size());
}

bool wdbg_guest_type(std::uint32_t type, WdbgSignature* signature) {
    return current->types && current->types(type, *signature);
}

bool wdbg_guest_function_type(std::uint32_t function, WdbgSignature* signature) {
    return current->function_types && current->function_types(function, *signature);
}

std::uint8_t wdbg_guest_global_type(std::uint32_t global) {
    return current->global_types ? current->global_types(global) : std::uint8_t{0x7F};
}

std::uint8_t wdbg_guest_local_type(std::uint32_t /*frame*/, std::uint32_t local) {
    return current->local_types ? current->local_types(local) : std::uint8_t{0x7F};
}

std::uint8_t* wdbg_guest_memory(std::uint64_t* size) {
    *size = current->memory.size();
    return current->memory.data();
}

bool wdbg_guest_breakpoint_place(std::uint32_t offset, std::uint32_t* place) {
    *place = StubGuest::first_instruction;
    while (*place < offset) {
        const std::size_t size =
            wdbg_instruction_size(*place, static_cast<std::uint32_t>(current->code.size()));
        if (size == 0) {
            return false;
        }
        *place += static_cast<std::uint32_t>(size);
    }
    return offset + 4 >= StubGuest::first_instruction &&
           (offset <= StubGuest::first_instruction || *place == offset);
}
