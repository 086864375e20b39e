// SPDX-License-Identifier: BSL-1.0
#include <troupe/guard.hpp>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "client/session_source.hpp"
#include "host/host.hpp"
#include "manager/manager.hpp"
#include "manager/zygote.hpp"
#include "platform/broken_pipe.hpp"
#include "platform/complaint.hpp"
#include "platform/executable.hpp"
#include "platform/handle_limit.hpp"
#include "platform/launch.hpp"
#include "platform/process_group.hpp"
#include "platform/process_name.hpp"
#include "platform/role_state.hpp"
#include "wire/control.hpp"
#include "wire/registry.hpp"

namespace troupe {
namespace {

using platform::ControlSocket;
using platform::RoleStart;

// In a role that its main never took: tells the starter, who waits for a Hello.
void report_missing_guard() noexcept {
  try {
    const wire::GuardMissing missing{
        "the program went on without its guard: construct troupe::Runtime(argc, argv), or call "
        "troupe::main_guard, first in main"};
    if (const auto start = platform::take_role()) start->socket.send(wire::encode_message<wire::ToManagerFromHost>(missing));
  } catch (const std::exception&) {  // the starter sees its socket closed
  }
}

void report_at_exit() {
  if (!platform::guard_has_run()) report_missing_guard();
}

// Before main, in every program that could need the guard: whoever starts actors has this object file.
const bool is_exit_watched = [] {
  platform::set_missing_guard_report(&report_missing_guard);
  return platform::has_role() && std::atexit(&report_at_exit) == 0;
}();

std::vector<wire::ModuleRange> module_ranges() {
  std::vector<wire::ModuleRange> ranges;
  for (platform::LoadedModule& module : platform::loaded_modules()) {
    ranges.push_back({std::move(module.path), std::move(module.build_id), module.begin, module.end});
  }
  return ranges;
}

// Without the program's exit handlers and static destructors: they belong to the program, not to this role.
[[noreturn]] void leave(int exit_code) {
  std::fflush(nullptr);
  std::_Exit(exit_code);
}

// A host runs user code, so it ends as programs do. It takes its actor's name when it knows that. What its actor starts ends
// with it.
[[noreturn]] void run_host(ControlSocket socket) {
  platform::set_process_name("troupe-host");
  platform::lead_process_group();
  int exit_code = 1;
  {
    host::Host host(std::move(socket));
    client::set_session_source([&] { return host.join_as_client(); });
    exit_code = host.run();
    client::set_session_source({});  // static destructors run without a host
  }
  std::exit(exit_code);
}

[[noreturn]] void run_zygote(RoleStart start) {
  platform::set_process_name("troupe-zygote");
  manager::Zygote zygote(std::move(start.socket), start.starter_pid);
  if (auto socket = zygote.run()) run_host(std::move(*socket));
  leave(0);
}

// It outlives its program, whatever a terminal sends to that: to end all hosts, and what they have started.
[[noreturn]] void run_manager(RoleStart start) {
  platform::set_process_name("troupe-manager");
  platform::lead_process_group();
  platform::outlive_broken_pipes();
  platform::raise_handle_limit();
  manager::Manager manager(std::move(start.socket), start.starter_pid);
  leave(manager.run());
}

void take_on(RoleStart start) {
  if (start.role == "manager") run_manager(std::move(start));
  if (start.role == "zygote") run_zygote(std::move(start));
  if (start.role == "host") {
    platform::die_with_parent(start.starter_pid);
    run_host(std::move(start.socket));
  }
  throw std::invalid_argument("it does not know this role");
}

void know_modules() {
  wire::set_module_source(&module_ranges);
  wire::number_nodes(module_ranges());
}

[[noreturn]] void run_role(RoleStart start) {
  const std::string role = start.role;
  try {
    platform::clean_role_process();
    know_modules();
    take_on(std::move(start));
  } catch (const std::exception& error) {
    platform::complain("a process that was started as {} ends: {}", role, error.what());
  }
  leave(2);
}

}  // namespace

void main_guard(int /*argc*/, char** /*argv*/) {
  if (platform::guard_has_run()) return;
  auto start = platform::take_role();
  platform::note_guard_ran();
  if (start) run_role(std::move(*start));
  know_modules();
}

}  // namespace troupe
