// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <unistd.h>
#include <troupe/troupe.hpp>

#include <csignal>
#include <cstdio>
#include <fstream>
#include <string>

#include "../end_to_end/gate.hpp"

namespace troupe::test {

// Counts; says in a file when it is destroyed, if it was given one.
class Counter {
 public:
  explicit Counter(int start, std::string farewell = {}) : value_(start), farewell_(std::move(farewell)) {}
  ~Counter() {
    if (!farewell_.empty()) std::ofstream(farewell_) << "stopped";
  }
  int add(int n) { return value_ += n; }
  int pid() { return ::getpid(); }
  void crash() { ::raise(SIGSEGV); }
  int wait(const std::string& gate) {
    wait_at(gate);
    return value_;
  }
  void print(const std::string& text) {
    std::fputs(text.c_str(), stdout);
    std::fflush(stdout);
  }
  void complain(const std::string& text) { std::fputs(text.c_str(), stderr); }
  void hang() {
    for (;;) ::pause();
  }

 private:
  int value_;
  std::string farewell_;
};

}  // namespace troupe::test
