// SPDX-License-Identifier: BSL-1.0
#include "host/actor.hpp"

#include <cxxabi.h>
#include <troupe/error.hpp>

#include <fmt/core.h>

#include <cstdlib>
#include <exception>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>

#include "host/limits.hpp"
#include "host/module_actor.hpp"
#include "host/thrown.hpp"
#include "platform/complaint.hpp"
#include "platform/control_socket.hpp"
#include "platform/fork_mark.hpp"
#include "wire/registry.hpp"

namespace troupe::host {
namespace {

// The exception travels in a control message, beside its text.
constexpr std::size_t kMostExceptionBytes = platform::ControlSocket::kMaxMessageBytes / 2;
constexpr std::size_t kMostTextBytes = 8 * 1024;

wire::Failure constructor_threw(const std::exception_ptr& thrown) {
  wire::Failure failure;
  failure.kind = wire::Refusal::constructor_threw;
  failure.text = describe(thrown).substr(0, kMostTextBytes);
  failure.exception = encode_within(thrown, kMostExceptionBytes);
  return failure;
}

wire::Failure undecodable(const char* reason) {
  wire::Failure failure;
  failure.kind = wire::Refusal::undecodable;
  failure.text = fmt::format("the constructor's arguments cannot be decoded: {}", reason);
  return failure;
}

wire::Failure start_failed(std::string reason) {
  wire::Failure failure;
  failure.kind = wire::Refusal::start_failed;
  failure.text = std::move(reason);
  return failure;
}

// Into an actor that has just been constructed.
std::optional<wire::Failure> restore(const detail::ActorInstance& instance, const Construction& construction) {
  if (construction.checkpoint_bytes == 0 || instance.restore == nullptr) return std::nullopt;
  try {
    instance.restore(instance.object, construction.checkpoint.bytes().first(construction.checkpoint_bytes));
    return std::nullopt;
  } catch (abi::__forced_unwind&) {
    throw;  // this thread is being cancelled
  } catch (...) {
    auto failure = constructor_threw(std::current_exception());
    failure.text = "it could not be restored from its last checkpoint: " + failure.text;
    return failure;
  }
}

void enter(const std::string& directory) {
  std::error_code error;
  std::filesystem::current_path(directory, error);
  if (error)
    throw std::runtime_error(fmt::format("the working directory \"{}\" cannot be entered: {}", directory, error.message()));
}

// The process as its spawner wants it. A text: why that cannot be.
std::string prepare(const Construction& construction) try {
  apply(construction.limits);
  if (!construction.working_directory.empty()) enter(construction.working_directory);
  return {};
} catch (const std::runtime_error& error) {
  return error.what();
}

}  // namespace

void end_if_forked() {
  if (!platform::is_forked_child()) return;
  platform::complain("a process that an actor's method forked returned from that method; it ends here (call _exit in it)");
  std::_Exit(1);
}

// The catch around a constructor; the one around methods is in Turn.
std::variant<Actor, wire::Failure> construct(const Construction& construction, ConstructorWatch& watch) {
  if (std::string reason = prepare(construction); !reason.empty()) return start_failed(std::move(reason));
  const auto arguments = construction.arguments.bytes().first(construction.argument_bytes);
  try {
    std::optional<ModuleMaker> maker;  // finding it runs code of the module's
    if (!construction.module.path.empty()) maker = maker_in(construction.module, construction.actor.type, arguments);
    const auto& node = maker ? *maker->constructor->node : *construction.constructor;
    watch.constructor_found(node);
    const auto instance = maker ? maker->make(arguments) : node.construct(arguments);
    Actor actor(instance, maker ? *maker->interface->type : *node.actor_type, construction.security);
    if (auto failure = restore(instance, construction)) return std::move(*failure);
    return actor;
  } catch (abi::__forced_unwind&) {
    throw;  // this thread is being cancelled
  } catch (const ModuleRefusal& refusal) {
    return start_failed(refusal.what());
  } catch (const SerializationError& error) {
    if (error.direction() == Direction::argument) return undecodable(error.what());
    return constructor_threw(std::current_exception());
  } catch (...) {
    return constructor_threw(std::current_exception());
  }
}

}  // namespace troupe::host
