// SPDX-License-Identifier: BSL-1.0
#include "platform/alternate_stack.hpp"

#include <csignal>
#include <new>

namespace troupe::platform {
namespace {

constexpr std::size_t kBytes = 64 * 1024;

bool has_one() {
  stack_t current{};
  return ::sigaltstack(nullptr, &current) == 0 && (current.ss_flags & SS_DISABLE) == 0 && current.ss_size >= kBytes;
}

}  // namespace

// Not initialised: its pages are taken when they are needed.
AlternateStack::AlternateStack() noexcept {
  if (has_one()) return;
  memory_.reset(new (std::nothrow) std::byte[kBytes]);
  const stack_t wanted{.ss_sp = memory_.get(), .ss_flags = 0, .ss_size = kBytes};
  if (memory_ != nullptr) ::sigaltstack(&wanted, nullptr);
}

AlternateStack::~AlternateStack() {
  const stack_t none{.ss_sp = nullptr, .ss_flags = SS_DISABLE, .ss_size = 0};
  if (memory_ != nullptr) ::sigaltstack(&none, nullptr);
}

}  // namespace troupe::platform
