// SPDX-License-Identifier: BSL-1.0
#include <cxxabi.h>
#include <troupe/detail/local_task.hpp>

#include <mutex>

namespace troupe::detail {
namespace {

// Of all tasks: few are asked to stop, and few ask for their token; a mutex in each would be a quarter of it.
std::mutex stopping;

}  // namespace

// g++ catches a forced unwind by a reference to no object, which UBSan minds.
__attribute__((no_sanitize("null"))) std::exception_ptr caught_in_task() {
  try {
    throw;
  } catch (abi::__forced_unwind&) {
    throw;
  } catch (...) {
    return std::current_exception();
  }
}

void LocalTask::ask_to_stop() noexcept {
  std::stop_source asked = [this] {
    const std::lock_guard lock(stopping);
    is_asked_to_stop_ = true;
    return stop_;
  }();
  asked.request_stop();  // runs code of the user's
}

std::stop_token LocalTask::stop_token() {
  if (!stop_.stop_possible()) {
    const std::stop_source made;
    const std::lock_guard lock(stopping);
    stop_ = made;
    if (is_asked_to_stop_) stop_.request_stop();  // nobody has the token yet
  }
  return stop_.get_token();
}

}  // namespace troupe::detail
