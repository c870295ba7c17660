// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "session.h"

namespace wdbg::native::test {
namespace {

TEST(Instances, AreToldAsTheyChangeAndNotOtherwise) {
    auto made = ProcessTarget::create(decoder());
    ASSERT_TRUE(made.has_value());
    const auto target = std::move(*made);
    int told = 0;
    target->set_event_handler([&told](const NativeEvent& event) {
        told += std::holds_alternative<NativeInstancesChanged>(event) ? 1 : 0;
    });
    target->add_instance({.module = ModuleId{0}, .address = {0x1000}});
    target->process();
    EXPECT_EQ(told, 1);
    EXPECT_EQ(target->instances().size(), 1U);
    target->remove_instance({0x2000}); // a thread's clone, say
    target->process();
    EXPECT_EQ(told, 1);
    target->remove_instance({0x1000});
    target->process();
    EXPECT_EQ(told, 2);
    EXPECT_TRUE(target->instances().empty());
}

} // namespace
} // namespace wdbg::native::test
