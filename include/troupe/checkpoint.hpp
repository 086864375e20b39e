// SPDX-License-Identifier: BSL-1.0
#pragma once

namespace troupe {

// In an actor's method: its state is saved when the method has returned, before the call is answered, for the actor's next life
// (RestartPolicy::checkpoint_every says when that happens without being asked for). Where the actor's class has no checkpoint()
// and restore(), or is not restarted, nothing happens. Errors: std::logic_error elsewhere.
void request_checkpoint();

}  // namespace troupe
