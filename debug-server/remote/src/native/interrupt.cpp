// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "target_impl.h"

#include <charconv>
#include <csignal>
#include <fstream>
#include <string>
#include <unistd.h>

namespace wdbg::remote {

namespace {

/// A number of /proc/<thread>/status; 0 if there is none.
pid_t status_field(ServerThread thread, std::string_view name) {
    std::ifstream status("/proc/" + std::to_string(thread) + "/status");
    std::string line;
    while (std::getline(status, line)) {
        if (line.starts_with(name)) {
            const std::size_t digits = line.find_first_of("0123456789");
            pid_t number = 0;
            if (digits != std::string::npos) {
                std::from_chars(line.data() + digits, line.data() + line.size(), number);
            }
            return number;
        }
    }
    return 0;
}

bool is_gdbserver(pid_t process) {
    std::ifstream file("/proc/" + std::to_string(process) + "/comm");
    std::string name;
    return std::getline(file, name) && name.starts_with("gdbserver");
}

bool is_loopback(const std::string& host) {
    return host == "localhost" || host == "::1" || host.starts_with("127.");
}

} // namespace

/// gdbserver passes an interrupt to the process group that the process leads. One that leads none
/// (it was attached to) never gets it: on this machine we signal it ourselves, for gdbserver to
/// catch.
void NativeTargetImpl::send_interrupt() {
    link_->client().interrupt();
    if (!is_loopback(options_.host) || !link_->client().running()) {
        return;
    }
    const pid_t process = status_field(event_thread_, "Tgid:");
    const pid_t tracer = status_field(event_thread_, "TracerPid:");
    if (process > 1 && tracer > 0 && is_gdbserver(tracer) && ::getpgid(process) != process) {
        ::kill(process, SIGINT);
    }
}

} // namespace wdbg::remote
