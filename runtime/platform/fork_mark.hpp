// SPDX-License-Identifier: BSL-1.0
#pragma once

namespace troupe::platform {

// Whether this process came into being by a plain fork() of user code after troupe was in use (pthread_atfork). Proxies
// and runtimes of the parent must not be used in it. A zygote's children (clone_sibling) are not marked.
bool is_forked_child() noexcept;
void watch_forks();  // idempotent; before the first use

}  // namespace troupe::platform
