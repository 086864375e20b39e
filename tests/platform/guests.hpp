// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "platform/launch.hpp"

namespace troupe::platform::testing {

// What this executable does when a test has launched it in a role. Roles:
//   echo       sends back what it receives, until its socket closes
//   describe   sends one line per property of the process as it found it, then of the process after clean_role_process
//   stale      sends whether a role variable that names another starter counts
//   zygote     clones one sibling for each message that it receives
//   parent     forks a child that dies with it, and sends the child's pidfd
int run_guest(RoleStart start);

// In the environment of each guest.
constexpr const char* kGuestVariable = "TROUPE_TEST_GUEST";

// This executable, launched as one of the above.
class Guest {
 public:
  explicit Guest(const std::string& role, LaunchRequest request = {});
  ~Guest();  // killed and reaped
  Guest(const Guest&) = delete;
  Guest& operator=(const Guest&) = delete;

  ControlSocket socket;
  Process process;
};

}  // namespace troupe::platform::testing
