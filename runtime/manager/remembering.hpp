// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "manager/tables.hpp"

namespace troupe::manager {

// Answers what was: ends of lives, and what actors have printed. A part at a time, as it is asked for: who reads slowly, or asks
// for much, holds nobody up. Thread-safety: the loop's thread.
class Remembering {
 public:
  explicit Remembering(Tables& tables) : tables_(tables) {}

  void on(ClientId client, const wire::FindDeath& message);
  void on(ClientId client, const wire::ReadOutput& message);

 private:
  Tables& tables_;
};

}  // namespace troupe::manager
