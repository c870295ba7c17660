// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "x86_context.h"

#include <csignal>
#include <cstddef>
#include <cstdint>

/// Pages that guest code may not touch, by a memory protection key (pkeys(7)): each thread has
/// rights of its own, so that one can pass while all others stay out, and the host, the kernel on
/// its behalf too, is never hindered. One key for the process, allocated when first needed.
namespace wdbg::native {

/// What threads in guest code may do with the pages; bits of a PKRU field.
enum class PageRights : std::uint32_t { All = 0, Read = 2, None = 3 };

/// False where processor or system have no such keys.
[[nodiscard]] bool allocate_page_key();
/// The pages from `begin` (aligned) on get the key. False: errno says why.
[[nodiscard]] bool mark_pages(std::uint64_t begin, std::size_t size);
/// They lose it, those of them that still have it: other memory may be there by now.
void unmark_pages(std::uint64_t begin, std::size_t size);
/// For all threads, as soon as each enters guest code or comes out of a handler.
void set_closed_rights(PageRights rights);

// All of these are async-signal-safe, and do nothing before allocate_page_key().

/// For the calling thread: as long as it is in a handler or in the host.
void open_pages();
/// For the calling thread, which goes on to guest code.
void close_pages();
/// For the interrupted thread, as it goes on.
void set_pages_open(ucontext_t& context, bool open);
/// A SIGSEGV on such a page.
[[nodiscard]] bool is_page_fault(const siginfo_t& info);

} // namespace wdbg::native
