// SPDX-License-Identifier: BSL-1.0
#include "manager/named.hpp"

#include <memory>
#include <stdexcept>

#include "manager/manager.hpp"
#include "platform/broken_pipe.hpp"
#include "platform/handle_limit.hpp"
#include "platform/process_name.hpp"
#include "platform/role_state.hpp"
#include "platform/standard_handles.hpp"

namespace troupe::manager {

// It leads no process group: Ctrl-C in its terminal is meant for it. The manager stays, for what runs when the process exits
// looks at its life page.
int serve(const ServeOptions& options) {
  static Manager* kept = nullptr;
  if (kept != nullptr) throw std::logic_error("troupe: a process is a named manager once");
  platform::require_guard();
  platform::open_standard_handles();
  platform::outlive_broken_pipes();
  platform::raise_handle_limit();
  auto manager = std::make_unique<Manager>(NamedService{options.name, options.grace});
  kept = manager.release();
  platform::set_process_name("troupe-manager");
  if (options.on_ready) options.on_ready();
  return kept->run();
}

}  // namespace troupe::manager
