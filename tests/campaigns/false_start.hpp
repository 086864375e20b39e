// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "fates.hpp"
#include "stage.hpp"
#include "told.hpp"

namespace troupe::campaigns {

// Who does not come up, and who wants him.
struct FalseStart {
  Harm harm;
  Place place;
  Asker asker;
};

// An actor that does not come up: it comes to harm in its constructor, or one of the processes that it takes before its main.
// Blocks: until whoever wants it has been told.
Told come_to_harm_at_start(Stage& stage, const FalseStart& order, const RuntimeOptions& options, Random& random);

}  // namespace troupe::campaigns
