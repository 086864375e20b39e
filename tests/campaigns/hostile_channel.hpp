// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "campaign.hpp"

// Garbage in the memories of a channel whose ends are both in this process: fast, and every read is checked for its place.
namespace troupe::campaigns {

// How many cases there are of every one and every two bits that are flipped: of a header, or of what says where in an extent a
// payload lies.
int flip_count();
// Errors: Broken.
void flip(int number);

// Some requests and replies, and at random moments writes at random places: words of the protocol mostly.
void damage_channel(Random& random);

// The same while a thread writes all the time.
void scribble_on_channel(Random& random);

}  // namespace troupe::campaigns
