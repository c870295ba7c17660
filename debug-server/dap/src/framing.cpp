// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <wdbg/dap/framing.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <utility>

namespace wdbg::dap {

namespace {

constexpr std::string_view length_name = "content-length";

std::string_view trim(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) {
        text.remove_prefix(1);
    }
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) {
        text.remove_suffix(1);
    }
    return text;
}

bool is_length_name(std::string_view name) {
    return std::ranges::equal(name, length_name, [](char left, char right) {
        return std::tolower(static_cast<unsigned char>(left)) == right;
    });
}

bool is_header_name(std::string_view name) {
    return !name.empty() && std::ranges::all_of(name, [](char c) {
        return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-';
    });
}

/// What can be shown of bytes that are perhaps no text.
std::string printable(std::string_view text) {
    std::string shown(text.substr(0, 60));
    std::ranges::replace_if(shown, [](char c) { return c < ' ' || c > '~'; }, '?');
    return shown;
}

} // namespace

FrameEvent Deframer::next(std::string_view& input) {
    switch (state_) {
    case State::Header:
        return header(input);
    case State::Content:
        return content(input);
    case State::Broken:
        break;
    }
    input = {};
    return FrameEvent::Malformed;
}

FrameEvent Deframer::broken(std::string message) {
    state_ = State::Broken;
    text_ = std::move(message);
    line_.clear();
    return FrameEvent::Malformed;
}

FrameEvent Deframer::header(std::string_view& input) {
    while (!input.empty()) {
        const char byte = input.front();
        input.remove_prefix(1);
        if (++header_size_ > header_limit) {
            return broken("a message's header is longer than " + std::to_string(header_limit) +
                          " bytes");
        }
        if (byte != '\n') {
            line_ += byte;
            continue;
        }
        if (line_.ends_with('\r')) {
            line_.pop_back();
        }
        const FrameEvent event = end_of_line();
        if (event != FrameEvent::NeedMore) {
            return event;
        }
        if (state_ == State::Content) {
            return content(input);
        }
    }
    return FrameEvent::NeedMore;
}

/// NeedMore goes on.
FrameEvent Deframer::end_of_line() {
    const std::string line = std::exchange(line_, {});
    if (line.empty()) {
        if (!has_length_) {
            return broken("a message without Content-Length");
        }
        state_ = State::Content;
        header_size_ = 0;
        has_length_ = false;
        text_.clear();
        return FrameEvent::NeedMore;
    }
    const std::size_t colon = line.find(':');
    const std::string_view name = trim(std::string_view(line).substr(0, colon));
    if (colon == std::string::npos || !is_header_name(name)) {
        return broken("expected a header such as Content-Length: 42, but got \"" + printable(line) +
                      "\"");
    }
    if (!is_length_name(name)) {
        return FrameEvent::NeedMore;
    }
    const std::string_view digits = trim(std::string_view(line).substr(colon + 1));
    const char* end = digits.data() + digits.size();
    const auto [rest, error] = std::from_chars(digits.data(), end, length_);
    if (digits.empty() || error != std::errc{} || rest != end) {
        return broken("Content-Length is no number: \"" + printable(digits) + "\"");
    }
    if (length_ > content_limit) {
        return broken("a message of " + std::to_string(length_) + " bytes; the limit is " +
                      std::to_string(content_limit));
    }
    has_length_ = true;
    return FrameEvent::NeedMore;
}

FrameEvent Deframer::content(std::string_view& input) {
    const std::size_t size = std::min(input.size(), length_ - text_.size());
    text_ += input.substr(0, size);
    input.remove_prefix(size);
    if (text_.size() < length_) {
        return FrameEvent::NeedMore;
    }
    state_ = State::Header;
    return FrameEvent::Message;
}

std::string frame(std::string_view content) {
    std::string message = "Content-Length: " + std::to_string(content.size()) + "\r\n\r\n";
    message += content;
    return message;
}

} // namespace wdbg::dap
