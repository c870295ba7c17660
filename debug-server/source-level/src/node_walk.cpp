// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "node_walk.h"

#include <array>

namespace wdbg::source {

Result<bool> NodeWalk::take(Result<TypedValue> node) {
    if (!node) {
        return std::unexpected(node.error());
    }
    const auto address = access_.pointer(*node);
    if (!address) {
        return std::unexpected(address.error());
    }
    node_ = std::move(*node);
    address_ = *address;
    scope_.set("$node", node_);
    return address_ != 0;
}

Result<bool> NodeWalk::start() {
    if (kind_ != FormatterKind::Hashbrown) {
        return take(scope_.field("first"));
    }
    const auto control = scope_.field("control");
    const auto mask = scope_.number("mask");
    const auto address = control ? access_.pointer(*control)
                                 : Result<std::uint64_t>(std::unexpected(control.error()));
    if (!address || !mask) {
        return std::unexpected(address ? mask.error() : address.error());
    }
    scope_.set("$control", *control);
    node_ = *control;
    control_ = *address;
    mask_ = *mask;
    return next_slot();
}

Result<bool> NodeWalk::next() {
    switch (kind_) {
    case FormatterKind::Tree:
        return next_in_tree();
    case FormatterKind::Hashbrown:
        return next_slot();
    default:
        return take(scope_.field("next"));
    }
}

Result<std::uint64_t> NodeWalk::word(std::uint64_t address) const {
    std::array<std::byte, 4> bytes{};
    if (auto read = access_.read_memory(node_.instance, address, bytes); !read) {
        return std::unexpected(read.error());
    }
    return static_cast<std::uint64_t>(read_integer(bytes, false).integer);
}

/// libc++'s nodes begin with __left_, __right_, __parent_; the end node has __left_ only and its
/// parent is none.
Result<bool> NodeWalk::next_in_tree() {
    constexpr std::uint64_t right_at = 4;
    constexpr std::uint64_t parent_at = 8;
    std::uint64_t at = address_;
    auto right = word(at + right_at);
    if (!right) {
        return std::unexpected(right.error());
    }
    if (*right != 0) {
        at = *right;
        for (std::uint64_t i = 0; i < 128; ++i) {
            const auto left = word(at);
            if (!left) {
                return std::unexpected(left.error());
            }
            if (*left == 0) {
                break;
            }
            at = *left;
        }
    } else {
        for (std::uint64_t i = 0; i < 128; ++i) {
            const auto parent = word(at + parent_at);
            const auto left = parent && *parent != 0 ? word(*parent) : parent;
            if (!left) {
                return std::unexpected(left.error());
            }
            if (*parent == 0) {
                return false;
            }
            const bool from_left = *left == at;
            at = *parent;
            if (from_left) {
                break;
            }
        }
    }
    return take(scalar_value(node_.type, node_.instance, Scalar::of_unsigned(at)));
}

Result<bool> NodeWalk::next_slot() {
    for (++slot_; static_cast<std::uint64_t>(slot_) <= mask_; ++slot_) {
        std::array<std::byte, 1> byte{};
        const auto read =
            access_.read_memory(node_.instance, control_ + static_cast<std::uint64_t>(slot_), byte);
        if (!read) {
            return std::unexpected(read.error());
        }
        if ((byte[0] & std::byte{0x80}) == std::byte{0}) {
            scope_.set("$slot", slot_);
            return true;
        }
    }
    return false;
}

Result<TypedValue> NodeWalk::value() {
    return scope_.field("value");
}

} // namespace wdbg::source
