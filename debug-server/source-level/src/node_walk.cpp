// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "node_walk.h"

#include <array>
#include <utility>

namespace wdbg::source {

namespace {

/// libc++'s nodes begin with __left_, __right_, __parent_; the end node has __left_ only and its
/// parent is none.
constexpr std::uint64_t right_at = 4;
constexpr std::uint64_t parent_at = 8;
constexpr std::uint64_t max_tree_depth = 128;

} // namespace

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
    if (kind_ == FormatterKind::BTree) {
        return start_in_btree();
    }
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
    case FormatterKind::BTree:
        return next_in_btree();
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

Result<std::uint64_t> NodeWalk::leftmost(std::uint64_t node) const {
    for (std::uint64_t i = 0; i < max_tree_depth; ++i) {
        const auto left = word(node);
        if (!left) {
            return left;
        }
        if (*left == 0) {
            break;
        }
        node = *left;
    }
    return node;
}

Result<std::uint64_t> NodeWalk::above(std::uint64_t node) const {
    for (std::uint64_t i = 0; i < max_tree_depth; ++i) {
        const auto parent = word(node + parent_at);
        const auto left = parent && *parent != 0 ? word(*parent) : parent;
        if (!left || *parent == 0) {
            return left;
        }
        const bool from_left = *left == node;
        node = *parent;
        if (from_left) {
            break;
        }
    }
    return node;
}

Result<bool> NodeWalk::next_in_tree() {
    const auto right = word(address_ + right_at);
    if (!right) {
        return std::unexpected(right.error());
    }
    const auto at = *right != 0 ? leftmost(*right) : above(address_);
    if (!at) {
        return std::unexpected(at.error());
    }
    if (*at == 0) {
        return false;
    }
    return take(scalar_value(node_.type, node_.instance, Scalar::of_unsigned(*at)));
}

Result<bool> NodeWalk::next_slot() {
    for (++slot_; std::cmp_less_equal(slot_, mask_); ++slot_) {
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

// --- B-trees: an inner node's children lie around its own elements -------------------------------

Result<bool> NodeWalk::start_in_btree() {
    const auto height = scope_.number("height");
    const auto root = take(scope_.field("first"));
    if (!height || !root) {
        return std::unexpected(height ? root.error() : height.error());
    }
    if (*height > max_tree_depth) {
        return fail(ErrorCode::Malformed, "an impossible height");
    }
    height_ = *height;
    const auto down = *root ? descend(address_) : root;
    return down && *down ? settle() : down;
}

/// To the leftmost leaf below `node`, which becomes a level itself.
Result<bool> NodeWalk::descend(std::uint64_t node) {
    while (true) {
        levels_.push_back({.node = node});
        const auto taken =
            take(scalar_value(node_.type, node_.instance, Scalar::of_unsigned(node)));
        if (!taken || !*taken || levels_.size() > height_) {
            return taken;
        }
        scope_.set("$slot", std::int64_t{0});
        const auto child = scope_.number("child");
        if (!child) {
            return std::unexpected(child.error());
        }
        node = *child;
    }
}

/// Upwards while the node has been given whole.
Result<bool> NodeWalk::settle() {
    while (!levels_.empty()) {
        const Level& level = levels_.back();
        const auto taken =
            take(scalar_value(node_.type, node_.instance, Scalar::of_unsigned(level.node)));
        const auto count = taken ? scope_.number("count") : std::unexpected(taken.error());
        if (!count) {
            return std::unexpected(count.error());
        }
        if (level.slot < *count) {
            scope_.set("$slot", static_cast<std::int64_t>(level.slot));
            return true;
        }
        levels_.pop_back();
    }
    return false;
}

Result<bool> NodeWalk::next_in_btree() {
    const bool is_leaf = levels_.size() > height_;
    scope_.set("$slot", static_cast<std::int64_t>(++levels_.back().slot));
    if (!is_leaf) {
        const auto child = scope_.number("child");
        const auto down = child ? descend(*child) : std::unexpected(child.error());
        if (!down || !*down) {
            return down;
        }
    }
    return settle();
}

Result<TypedValue> NodeWalk::value() {
    return scope_.field("value");
}

} // namespace wdbg::source
