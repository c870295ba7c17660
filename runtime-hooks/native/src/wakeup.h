// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <cstdint>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

namespace wdbg::native {

/// One descriptor for the event loop: an eventfd for what happens, a timer for retries.
class Wakeup {
  public:
    Wakeup()
        : events(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK))
        , timer(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK))
        , both(::epoll_create1(EPOLL_CLOEXEC)) {
        for (const int fd : {events, timer}) {
            epoll_event interest{.events = EPOLLIN, .data = {.fd = fd}};
            ::epoll_ctl(both, EPOLL_CTL_ADD, fd, &interest);
        }
    }

    ~Wakeup() {
        for (const int fd : {both, timer, events}) {
            ::close(fd);
        }
    }

    Wakeup(const Wakeup&) = delete;
    Wakeup& operator=(const Wakeup&) = delete;

    [[nodiscard]] bool is_open() const { return events >= 0 && timer >= 0 && both >= 0; }

    void drain() const {
        std::uint64_t count = 0;
        for (const int fd : {events, timer}) {
            [[maybe_unused]] const ssize_t done = ::read(fd, &count, sizeof count);
        }
    }

    void retry_soon() const {
        constexpr long retry_nanoseconds = 200'000;
        const itimerspec when{.it_interval = {},
                              .it_value = {.tv_sec = 0, .tv_nsec = retry_nanoseconds}};
        ::timerfd_settime(timer, 0, &when, nullptr);
    }

    const int events;
    const int timer;
    const int both;
};

} // namespace wdbg::native
