// SPDX-License-Identifier: BSL-1.0
#include <troupe/error.hpp>
#include <troupe/runtime.hpp>

#include <fmt/core.h>

#include <chrono>
#include <utility>

#include "base/quoted_name.hpp"
#include "client/session.hpp"
#include "platform/fork_mark.hpp"
#include "platform/role_state.hpp"

namespace troupe {

Runtime::Runtime(int argc, char** argv, RuntimeOptions options) {
  main_guard(argc, argv);
  session_ = client::Session::start_private(options);
}

Runtime::Runtime(RuntimeOptions options) {
  platform::require_guard();
  session_ = client::Session::start_private(options);
}

Runtime::Runtime(Connected connected) : session_(std::move(connected.session)) {}

Runtime Runtime::connect(std::string_view name, const RuntimeOptions& options) {
  platform::require_guard();
  return Runtime(Connected(client::Session::connect(name, options)));
}

Runtime::~Runtime() {
  if (platform::is_forked_child()) return;
  constexpr std::chrono::seconds kGrace(5);
  try {
    session_->shutdown(kGrace);
  } catch (const std::exception&) {  // the manager died meanwhile: there is nothing left to stop
  }
  session_->close();
}

void Runtime::add_event_callback(std::unique_ptr<detail::EventCallback> callback) {
  session_->add_event_callback(std::move(callback));
}

void Runtime::no_such_actor(std::string_view name) {
  throw NoSuchActor(fmt::format("there is no actor named {}; spawn it with SpawnOptions::name, or use spawn_or_get",
                                detail::quoted_name(name)));
}

}  // namespace troupe
