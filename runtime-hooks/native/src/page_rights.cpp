// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "page_rights.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cpuid.h>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string_view>
#include <sys/mman.h>
#include <utility>
#include <vector>

namespace wdbg::native {

namespace {

constexpr int no_key = -1;
constexpr std::uint32_t all_rights = 3; ///< bits of a key's field in PKRU: access and write disable
constexpr int fault_by_key = 4;         ///< SEGV_PKUERR

std::atomic<int> the_key{no_key};
std::atomic<std::uint32_t> closed_rights{0};
std::atomic<std::uint32_t> pkru_offset{0}; ///< within a signal frame's XSAVE area, bytes

std::uint32_t read_pkru() {
    std::uint32_t value = 0;
    std::uint32_t zero = 0;
    __asm__ volatile(".byte 0x0f, 0x01, 0xee" /* rdpkru */ : "=a"(value), "=d"(zero) : "c"(0));
    return value;
}

void write_pkru(std::uint32_t value) {
    __asm__ volatile(".byte 0x0f, 0x01, 0xef" /* wrpkru */ ::"a"(value), "c"(0), "d"(0) : "memory");
}

std::uint32_t with_rights(std::uint32_t pkru, int key, std::uint32_t rights) {
    const auto shift = static_cast<std::uint32_t>(key) * 2;
    return (pkru & ~(all_rights << shift)) | (rights << shift);
}

void set_own_rights(std::uint32_t rights) {
    const int key = the_key.load(std::memory_order_relaxed);
    if (key == no_key) {
        return;
    }
    const std::uint32_t before = read_pkru();
    const std::uint32_t after = with_rights(before, key, rights);
    if (after != before) {
        write_pkru(after);
    }
}

bool protect(std::uint64_t begin, std::size_t size, int key) {
    // NOLINTNEXTLINE(performance-no-int-to-ptr): an address of the guest's memory is a number
    auto* const pages = reinterpret_cast<void*>(begin);
    return ::pkey_mprotect(pages, size, PROT_READ | PROT_WRITE, key) == 0;
}

// Of the XSAVE area in a signal frame (Intel SDM volume 1 §13.4, Linux asm/sigcontext.h).
constexpr std::size_t software_bytes = 464;
constexpr std::size_t state_bits = 512;
constexpr std::uint32_t frame_magic = 0x4650'5853; // FP_XSTATE_MAGIC1
constexpr std::uint64_t pkru_bit = 1U << 9U;

} // namespace

bool allocate_page_key() {
    if (the_key.load() != no_key) {
        return true;
    }
    std::uint32_t size = 0;
    std::uint32_t offset = 0;
    std::uint32_t unused = 0;
    constexpr unsigned pkru_component = 9;
    if (__get_cpuid_count(0xD, pkru_component, &size, &offset, &unused, &unused) == 0 ||
        offset == 0) {
        return false;
    }
    const int key = ::pkey_alloc(0, 0);
    if (key < 0) {
        return false;
    }
    pkru_offset.store(offset);
    the_key.store(key);
    return true;
}

bool mark_pages(std::uint64_t begin, std::size_t size) {
    return protect(begin, size, the_key.load());
}

/// proc(5), /proc/pid/smaps: a line of each mapping's range, then its fields, ProtectionKey among
/// them.
void unmark_pages(std::uint64_t begin, std::size_t size) {
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> maps(std::fopen("/proc/self/smaps", "re"),
                                                               &std::fclose);
    constexpr std::string_view field = "ProtectionKey:";
    std::array<char, 4400> line{};
    std::vector<std::pair<std::uint64_t, std::uint64_t>> marked;
    std::uint64_t first = 0;
    std::uint64_t end = 0;
    while (maps && std::fgets(line.data(), line.size(), maps.get()) != nullptr) {
        char* rest = nullptr;
        const std::uint64_t number = std::strtoull(line.data(), &rest, 16);
        if (rest != line.data() && *rest == '-') {
            first = std::max(number, begin);
            end = std::min<std::uint64_t>(std::strtoull(rest + 1, nullptr, 16), begin + size);
        } else if (first < end && std::string_view(line.data()).starts_with(field) &&
                   std::strtol(line.data() + field.size(), nullptr, 10) == the_key.load()) {
            marked.emplace_back(first, end);
        }
    }
    for (const auto& [from, to] : marked) { // the file tells what is there while it is read
        [[maybe_unused]] const bool done = protect(from, to - from, 0);
    }
}

void set_closed_rights(PageRights rights) {
    closed_rights.store(static_cast<std::uint32_t>(rights));
}

void open_pages() {
    set_own_rights(0);
}

void close_pages() {
    std::uint32_t rights = 0;
    do { // a handler may have put newer ones into place meanwhile
        rights = closed_rights.load();
        set_own_rights(rights);
    } while (rights != closed_rights.load());
}

void set_pages_open(ucontext_t& context, bool open) {
    const int key = the_key.load(std::memory_order_relaxed);
    auto* const area = reinterpret_cast<std::byte*>(context.uc_mcontext.fpregs);
    if (key == no_key || area == nullptr) {
        return;
    }
    std::uint32_t magic = 0;
    std::memcpy(&magic, area + software_bytes, sizeof magic);
    if (magic != frame_magic) {
        return;
    }
    std::uint64_t present = 0;
    std::uint32_t pkru = 0;
    std::byte* const place = area + pkru_offset.load(std::memory_order_relaxed);
    std::memcpy(&present, area + state_bits, sizeof present);
    if ((present & pkru_bit) != 0) {
        std::memcpy(&pkru, place, sizeof pkru);
    }
    pkru = with_rights(pkru, key, open ? 0 : closed_rights.load());
    present |= pkru_bit;
    std::memcpy(place, &pkru, sizeof pkru);
    std::memcpy(area + state_bits, &present, sizeof present);
}

bool is_page_fault(const siginfo_t& info) {
    return info.si_code == fault_by_key &&
           std::cmp_equal(info.si_pkey, the_key.load(std::memory_order_relaxed));
}

} // namespace wdbg::native
