// SPDX-License-Identifier: BSL-1.0
#include "base/exit_text.hpp"

#include <gtest/gtest.h>

namespace troupe::detail {
namespace {

TEST(ExitText, NamesASignalThatHasAName) {
  EXPECT_EQ(signal_text(11), "signal 11 (SIGSEGV)");
  EXPECT_EQ(signal_text(64), "signal 64");
}

TEST(ExitText, SaysWhatAProcessDid) {
  EXPECT_EQ(text_of_end({.signal = 6}), "was killed by signal 6 (SIGABRT)");
  EXPECT_EQ(text_of_end({.exit_code = 7}), "exited with code 7");
}

TEST(ExitText, SaysWhatRan) {
  EXPECT_EQ(text_of_running("Counter::add"), "while Counter::add ran");
  EXPECT_EQ(text_of_running("destructor of Counter"), "while the destructor of Counter ran");
}

}  // namespace
}  // namespace troupe::detail
