// SPDX-License-Identifier: BSL-1.0
#include "actors.hpp"

#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <stdexcept>

namespace troupe::manager::testing {

namespace {

void wait_for_ever() {
  for (;;) ::pause();
}

}  // namespace

Stubborn::~Stubborn() { wait_for_ever(); }
Deaf::Deaf() { ::signal(SIGTERM, SIG_IGN); }
Tidy::Tidy() {
  ::signal(SIGTERM, [](int) { ::_exit(7); });
}
Thrower::Thrower() { throw std::out_of_range("no such thing"); }
Crasher::Crasher() { ::raise(SIGSEGV); }
Leaver::Leaver() { std::exit(7); }
Loiterer::Loiterer() { std::atexit(&wait_for_ever); }
ThrowingLoiterer::ThrowingLoiterer() {
  std::atexit(&wait_for_ever);
  throw std::out_of_range("no such thing");
}
Spinner::Spinner() {
  for (;;) ::getppid();
}
Sleeper::Sleeper() { wait_for_ever(); }

}  // namespace troupe::manager::testing
