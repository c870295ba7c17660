// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// A connection's beginning and end, and run control.
#include "client_impl.h"
#include "replies.h"

#include <algorithm>

namespace wdbg::rsp {

void Client::Impl::learn_features(std::string_view list) {
    TextReader reader(list);
    while (!reader.at_end()) {
        TextReader entry(reader.take_until(';'));
        std::string_view name = entry.take_until('=');
        std::string_view value = entry.rest();
        if (value.empty() && (name.ends_with('+') || name.ends_with('-'))) {
            value = name.substr(name.size() - 1);
            name.remove_suffix(1);
        }
        features.insert_or_assign(std::string(name), std::string(value));
    }
    if (const auto size = features.find("PacketSize"); size != features.end()) {
        constexpr std::uint64_t least = 64;
        constexpr std::uint64_t most = 1U << 20U;
        packet_size = std::clamp(TextReader(size->second).hex().value_or(0), least, most);
    }
}

bool Client::Impl::supports(std::string_view name) const {
    const auto found = features.find(name);
    return found != features.end() && found->second != "-";
}

std::string Client::Impl::thread_suffix(std::uint64_t thread) const {
    return thread == 0 || !thread_suffixes ? std::string() : ";thread:" + hex_of(thread) + ";";
}

bool Client::supports(std::string_view name) const {
    return impl_->supports(name);
}

std::size_t Client::packet_size() const {
    return impl_->packet_size;
}

/// The answers to the questions in between are waited for, whatever they are.
void Client::connect(StopHandler done) {
    impl_->output("+");
    impl_->enqueue(
        {.packet = "QStartNoAckMode",
         .done =
             [this](Result<std::string_view> reply) { impl_->no_ack = reply && *reply == "OK"; },
         .kind = Exchange::Greeting});
    std::string features = "qSupported:swbreak+;hwbreak+;vContSupported+";
    features += impl_->options.features.empty() ? "" : ";" + impl_->options.features;
    request(std::move(features), [this](Result<std::string_view> reply) {
        if (reply) {
            impl_->learn_features(*reply);
        }
    });
    request("QThreadSuffixSupported", [this](Result<std::string_view> reply) {
        impl_->thread_suffixes = reply && *reply == "OK";
    });
    request("QListThreadsInStopReply", {});
    request("QEnableErrorStrings", {});
    request("?", expect_stop(std::move(done)));
}

void Client::detach(Handler<void> done) {
    interrupt();
    request("D", expect_ok(std::move(done)));
}

void Client::detach_stopped(Handler<void> done) {
    request("qSupportsDetachAndStayStopped:", [this, done = std::move(done)](
                                                  Result<std::string_view> reply) mutable {
        if (reply && *reply == "OK") {
            request("D1", expect_ok(std::move(done)));
        } else {
            done(fail(ErrorCode::Unsupported, "this debug server does not leave a guest stopped"));
        }
    });
}

void Client::kill(Handler<void> done) {
    interrupt();
    impl_->enqueue({.packet = "k",
                    .done =
                        [done = std::move(done)](Result<std::string_view> reply) {
                            done(reply ? Result<void>() : std::unexpected(reply.error()));
                        },
                    .kind = Exchange::Kill});
}

void Client::set_has_vcont(bool has) {
    impl_->has_vcont = has;
}

namespace {

std::string with_signal(const Client::Action& action) {
    const bool has_signal = action.letter == 'C' || action.letter == 'S';
    return action.letter + (has_signal ? hex_byte(action.signal) : std::string());
}

std::string vcont(const std::vector<Client::Action>& actions) {
    std::string packet = "vCont";
    for (const Client::Action& action : actions) {
        packet += ";" + with_signal(action);
        packet += action.letter == 'r' ? hex_of(action.begin) + "," + hex_of(action.end) : "";
        packet += action.thread == 0 ? "" : ":" + hex_of(action.thread);
    }
    return packet;
}

} // namespace

void Client::resume(const std::vector<Action>& actions, StopHandler stopped) {
    const bool simple = actions.size() == 1 && actions.front().thread == 0;
    const bool told = impl_->has_vcont.has_value();
    const bool has_vcont = told ? *impl_->has_vcont : !simple || supports("vContSupported");
    std::string packet = has_vcont ? vcont(actions) : "c";
    if (!has_vcont && !actions.empty()) {
        const Action& action = actions.front();
        if (action.thread != 0) {
            request("Hc" + hex_of(action.thread), {});
        }
        packet = with_signal(action);
    }
    impl_->enqueue({.packet = std::move(packet),
                    .done = expect_stop(std::move(stopped)),
                    .kind = Exchange::Resume});
}

} // namespace wdbg::rsp
