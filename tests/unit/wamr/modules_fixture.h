// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "session.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace wdbg::test {

/// Diamond imports from base and from middle, middle from base: two instances of base.
class Modules : public testing::Test {
  protected:
    Session& start(std::string_view function, std::string_view guest = "diamond",
                   std::vector<std::string> arguments = {}) {
        bases.clear();
        session.emplace(
            guest, SessionOptions{.invoke = std::string(function), .args = std::move(arguments)});
        for (const InstanceInfo& info : (*session)->instances()) {
            const std::string stem = std::filesystem::path(info.path).stem();
            if (stem == "base") {
                bases.push_back(info.id);
            } else if (stem == "middle") {
                middle_instance = info.id;
            }
        }
        return *session;
    }

    const GuestCode& code_of(InstanceId instance) {
        if (instance == Session::main_instance) {
            return session->code();
        }
        return instance == middle_instance ? middle : base;
    }

    std::vector<std::string> backtrace(ThreadId thread = Session::main_thread) {
        std::vector<std::string> names;
        for (const Frame& frame : session->frames(thread)) {
            names.push_back(code_of(frame.pc.instance).module().function_name(frame.function));
        }
        return names;
    }

    std::optional<Session> session;
    GuestCode base{"base"};
    GuestCode middle{"middle"};
    std::vector<InstanceId> bases;
    InstanceId middle_instance;
};

} // namespace wdbg::test
