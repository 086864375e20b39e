// SPDX-License-Identifier: BSL-1.0
#include <gtest/gtest.h>
#include <troupe/testing.hpp>
#include <troupe/troupe.hpp>

#include "actors.hpp"

namespace troupe::test {
namespace {

class FunctionsElsewhere : public testing::RuntimeTest {};

int which(Counter&) { return 2; }  // functions_test.cpp has one of the same name

TEST_F(FunctionsElsewhere, OfOneNameInTwoFilesAreTwo) { EXPECT_EQ(runtime().spawn<Counter>().run(fn<&which>).get(), 2); }

}  // namespace
}  // namespace troupe::test
