// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

namespace troupe::campaigns {

enum class Role : std::uint8_t { client, manager, zygote, host };
const char* text_of(Role role);

// One thing that fails: in a role, the so-manieth of its kind.
struct Fault {
  enum class Kind : std::uint8_t { system_call, allocation };

  Kind kind = Kind::system_call;
  Role role = Role::client;
  std::uint32_t number = 1;
};

// What the process that orders a fault and those that may suffer it know in common; lies in shared memory.
struct FaultPage {
  std::atomic<std::uint32_t> is_ready;    // the client waits to be let go
  std::atomic<std::uint32_t> may_begin;   // it may go
  std::atomic<std::uint32_t> has_failed;  // an allocation has
  std::atomic<std::uint32_t> is_over;     // nothing may fail any more
};

// An allocation by operator new fails in this process, or in one that it is the ancestor of. The processes of a runtime have
// this order in their environment, and look for it before they do anything else. With TROUPE_CAMPAIGN_WHERE in the environment
// the stack is printed (scripts: addr2line).
class AllocationFault {
 public:
  // From here on in this process and in those that it starts, until destroyed.
  AllocationFault(const std::string& page_path, const Fault& fault);
  ~AllocationFault();
  AllocationFault(const AllocationFault&) = delete;
  AllocationFault& operator=(const AllocationFault&) = delete;

  // In a process that was started in a role: takes what the environment orders.
  static void inherit() noexcept;
};

}  // namespace troupe::campaigns
