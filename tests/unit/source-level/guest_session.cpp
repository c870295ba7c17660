// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "guest_session.h"

#include <wdbg/dwarf/llvm_source_info.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <utility>

namespace wdbg::test {

namespace {

constexpr std::chrono::seconds patience{30};

std::chrono::steady_clock::time_point deadline() {
    return std::chrono::steady_clock::now() + patience;
}

template <class T>
T must(Result<T> result) {
    if (!result) {
        throw std::runtime_error(result.error().message);
    }
    if constexpr (!std::is_void_v<T>) {
        return std::move(*result);
    }
}

std::string fixture_path(const std::string& name) {
    return std::string(WDBG_FIXTURES_DIR "/") + name;
}

} // namespace

bool fixture_exists(const std::string& name) {
    return std::filesystem::exists(fixture_path(name));
}

std::uint32_t marked_line(const std::string& source, const std::string& marker) {
    std::ifstream stream(std::string(WDBG_FIXTURE_SOURCES_DIR "/") + source);
    std::uint32_t number = 0;
    for (std::string line; std::getline(stream, line);) {
        ++number;
        if (line.ends_with("// BREAK: " + marker)) {
            return number;
        }
    }
    throw std::runtime_error("no marker " + marker + " in " + source);
}

GuestSession::GuestSession(const std::string& fixture, std::string source,
                           std::vector<std::string> args,
                           std::vector<std::filesystem::path> formatter_files)
    : source_(std::move(source)) {
    runtime_ = must(wamr::Runtime::create({.debug_hooks = true}));
    debuggee_ = must(runtime_->debuggee([this](auto task) { post(std::move(task)); }));
    guest_ = must(runtime_->load(
        fixture_path(fixture), {.args = std::move(args), .env = {}, .preopens = {}, .invoke = {}}));
    level_ = source::make_source_level(*debuggee_, {.open = dwarf::make_source_info,
                                                    .source_map = {},
                                                    .formatter_files = std::move(formatter_files)});
    level_->set_event_handler([this](const source::SourceEvent& event) {
        if (const auto* stop = std::get_if<source::StoppedView>(&event)) {
            stops_.push_back(*stop);
        } else if (const auto* log = std::get_if<source::LogOutput>(&event)) {
            logs.push_back(log->text);
        } else if (const auto* change = std::get_if<source::BreakpointChanged>(&event)) {
            changed.push_back(change->breakpoint);
        } else if (!std::holds_alternative<source::ModulesUpdated>(event)) {
            ended_ = true;
        }
    });
    runtime_->wait_at_entry();
    must(level_->attach());
    thread_ = std::thread([this] {
        auto outcome = guest_->run();
        post([this, outcome] { outcome_ = outcome; });
    });
    try {
        wait_for_stop();
    } catch (...) {
        end();
        throw;
    }
}

GuestSession::~GuestSession() {
    end();
}

void GuestSession::end() {
    if (thread_.joinable()) {
        if (!outcome_) {
            level_->kill();
        }
        thread_.join();
    }
    level_.reset();
}

void GuestSession::post(std::function<void()> task) {
    const std::lock_guard lock(mutex_);
    tasks_.push_back(std::move(task));
    added_.notify_one();
}

bool GuestSession::run_one(std::chrono::steady_clock::time_point until) {
    std::function<void()> task;
    {
        std::unique_lock lock(mutex_);
        if (!added_.wait_until(lock, until, [&] { return !tasks_.empty(); })) {
            return false;
        }
        task = std::move(tasks_.front());
        tasks_.pop_front();
    }
    task();
    return true;
}

source::StoppedView GuestSession::wait_for_stop() {
    const auto until = deadline();
    while (stops_.empty()) {
        if (ended_ || !run_one(until)) {
            throw std::runtime_error(ended_ ? "the guest ended" : "no stop came");
        }
    }
    source::StoppedView stop = std::move(stops_.front());
    stops_.pop_front();
    return stop;
}

void GuestSession::run_to_end() {
    must(level_->resume());
    const auto until = deadline();
    while (!outcome_) {
        if (!stops_.empty() || !run_one(until)) {
            throw std::runtime_error("the guest did not end");
        }
    }
}

std::string GuestSession::source_path() const {
    return std::string(WDBG_FIXTURE_SOURCES_DIR "/") + source_;
}

std::uint32_t GuestSession::line(const std::string& marker) const {
    return marked_line(source_, marker);
}

source::BreakpointInfo GuestSession::break_at(const std::string& marker,
                                              source::BreakpointOptions options) {
    const std::vector<source::SourceBreakpointSpec> specs{
        {.line = line(marker), .column = 0, .options = std::move(options)}};
    return level_->set_source_breakpoints(source_path(), specs).at(0);
}

std::vector<source::BreakpointInfo>
GuestSession::break_at_all(const std::vector<std::string>& markers) {
    std::vector<source::SourceBreakpointSpec> specs;
    specs.reserve(markers.size());
    for (const std::string& marker : markers) {
        specs.push_back({.line = line(marker)});
    }
    return level_->set_source_breakpoints(source_path(), specs);
}

source::StoppedView GuestSession::run_to(const std::string& marker) {
    break_at(marker);
    return resume();
}

source::StoppedView GuestSession::resume() {
    must(level_->resume());
    return wait_for_stop();
}

source::StoppedView GuestSession::step(source::StepKind kind, source::StepGranularity granularity) {
    must(level_->step(main_thread, kind, granularity));
    return wait_for_stop();
}

std::vector<source::StackFrame> GuestSession::stack() {
    return must(level_->stack(main_thread, 0, 0)).frames;
}

std::uint32_t GuestSession::current_line() {
    return stack().at(0).line;
}

std::string GuestSession::function() {
    return stack().at(0).name;
}

Result<source::VariableView> GuestSession::evaluate(const std::string& expression,
                                                    std::size_t frame) {
    return level_->evaluate(stack().at(frame).id, expression, {});
}

std::string GuestSession::value(const std::string& expression, std::size_t frame) {
    const auto result = evaluate(expression, frame);
    return result ? result->value : "[" + result.error().message + "]";
}

std::string GuestSession::error(const std::string& expression) {
    const auto result = evaluate(expression);
    return result ? "no error, but " + result->value : result.error().message;
}

std::vector<std::string> GuestSession::children(const source::VariableView& parent) {
    std::vector<std::string> texts;
    if (parent.children.value == 0) {
        return texts;
    }
    for (const auto& child :
         must(level_->variables(parent.children, source::ChildFilter::All, 0, 0, {}))) {
        texts.push_back(child.name + "=" + child.value);
    }
    return texts;
}

std::vector<source::VariableView> GuestSession::scope(source::ScopeKind kind, std::size_t frame) {
    for (const auto& each : must(level_->scopes(stack().at(frame).id))) {
        if (each.kind == kind) {
            return must(level_->variables(each.variables, source::ChildFilter::All, 0, 0, {}));
        }
    }
    return {};
}

} // namespace wdbg::test
