// SPDX-License-Identifier: BSL-1.0
#include "manager/launcher.hpp"

#include <exception>

#include "manager/nursery.hpp"
#include "platform/launch.hpp"

namespace troupe::manager {

namespace {

NewHost start_host(const LaunchOrder& order) {
  auto [ours, theirs] = platform::ControlSocket::pair();
  auto process = platform::launch({.executable = order.program.executable->get(),
                                   .path = order.program.path,
                                   .role = "host",
                                   .socket = theirs.handle().get(),
                                   .environment = order.environment,
                                   .working_directory = order.working_directory});
  return {std::move(ours), std::move(process), true};
}

}  // namespace

Launcher::Launcher(Loop& loop, Children& children, Listener& listener) : loop_(loop), children_(children), listener_(listener) {}

Launcher::~Launcher() = default;

Nursery& Launcher::nursery_of(const Program& program) {
  const auto key = program.key();
  if (const auto found = nurseries_.find(key); found != nurseries_.end()) return *found->second;
  auto nursery = std::make_unique<Nursery>(loop_, children_, *this, listener_, program);
  return *(nurseries_[key] = std::move(nursery));
}

void Launcher::warm_up(const Program& program) { nursery_of(program).warm_up(); }

void Launcher::launch(LaunchOrder order) {
  if (order.by_exec) return execute(order);
  Nursery& nursery = nursery_of(order.program);
  nursery.add(std::move(order));
}

void Launcher::execute(const LaunchOrder& order) {
  NewHost host;
  try {
    host = start_host(order);
  } catch (const std::exception& error) {
    return listener_.launch_failed(order.number, error.what());
  }
  listener_.launched(order.number, std::move(host));
}

void Launcher::cancel(std::uint64_t number, bool is_too_late) {
  for (auto& [key, nursery] : nurseries_) nursery->cancel(number, is_too_late);
}

void Launcher::give_up(const Function<bool(const std::string& key)>& is_used) {
  for (auto& [key, nursery] : nurseries_) {
    if (!is_used(key)) nursery->give_up();
  }
}

void Launcher::given_up() {
  loop_.post([this] { std::erase_if(nurseries_, [](const auto& each) { return each.second->is_given_up(); }); });
}

void Launcher::end() {
  for (auto& [key, nursery] : nurseries_) nursery->end();
}

}  // namespace troupe::manager
