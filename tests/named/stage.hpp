// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <troupe/testing.hpp>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "../end_to_end/gate.hpp"
#include "../end_to_end/processes.hpp"
#include "actors.hpp"
#include "program.hpp"

namespace troupe::test {

// A directory of named managers of the test's own; afterwards nothing may be left behind.
class NamedTest : public ::testing::Test {
 protected:
  NamedTest() { ::setenv("XDG_RUNTIME_DIR", folder_.path().c_str(), 1); }
  ~NamedTest() override { ::unsetenv("XDG_RUNTIME_DIR"); }

  std::filesystem::path directory() const { return folder_.path() / "troupe"; }
  std::filesystem::path folder() const { return folder_.path(); }
  bool has_file(const std::string& name) const { return std::filesystem::exists(directory() / name); }

 private:
  const testing::NothingLeftBehind nothing_left_behind_;
  const TemporaryFolder folder_;
};

// What `f` throws says.
template <class Exception, class F>
std::string text_of(F f) {
  try {
    f();
  } catch (const Exception& error) {
    return error.what();
  }
  return "nothing was thrown";
}

}  // namespace troupe::test
