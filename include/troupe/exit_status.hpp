// SPDX-License-Identifier: BSL-1.0
#pragma once

namespace troupe {

// How a process ended: by `signal` when that is not 0, else with `exit_code`.
struct ExitStatus {
  int exit_code = 0;
  int signal = 0;
  bool core_dumped = false;

  friend bool operator==(const ExitStatus&, const ExitStatus&) = default;
};

}  // namespace troupe
