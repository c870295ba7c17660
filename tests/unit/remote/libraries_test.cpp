// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "libraries.h"

#include <gtest/gtest.h>

namespace wdbg::remote {
namespace {

TEST(LibraryList, TakesNamesAndAddresses) {
    const auto list = parse_library_list(
        R"(<?xml version="1.0"?><library-list version="1.0"><library name="/a &amp; b.wasm"><section address="0x4000000000000000"/></library><library name='x'><segment address='4611686022722355200' /></library></library-list>)");
    ASSERT_TRUE(list);
    ASSERT_EQ(list->size(), 2U);
    EXPECT_EQ(list->at(0).name, "/a & b.wasm");
    EXPECT_EQ(list->at(0).address.id(), 0U);
    EXPECT_EQ(list->at(1).name, "x");
    EXPECT_EQ(list->at(1).address.id(), 1U);
}

TEST(LibraryList, LeavesOutWhatIsNoModule) {
    const auto list = parse_library_list(
        R"(<library-list><library name="libc.so"><segment address="0x1000"/></library><library name="x"><section/></library><library)");
    ASSERT_TRUE(list);
    EXPECT_TRUE(list->empty());
    EXPECT_FALSE(parse_library_list("OK"));
    EXPECT_FALSE(parse_library_list(""));
}

} // namespace
} // namespace wdbg::remote
