// SPDX-License-Identifier: BSL-1.0
#include <troupe/error.hpp>

#include <fmt/core.h>

#include <exception>
#include <memory>
#include <mutex>
#include <string>

#include "base/exit_text.hpp"
#include "client/call_channel.hpp"

namespace troupe {

namespace {

// The first part of what is known: usage and backtrace are for who asks for the cause.
std::string how_it_ended(const DeathCause& cause) {
  if (cause.kind == DeathKind::signal) return "killed by " + detail::signal_text(cause.signal);
  if (cause.kind == DeathKind::exit_code) return fmt::format("exited with code {}", cause.exit_code);
  const std::string text = cause.text();
  return text.substr(0, text.find_first_of(";\n"));
}

}  // namespace

namespace detail {

// Made when somebody wants it: how a process ended is told later than that it has. Shared by copies. Thread-safety: full.
class WorkerDeathText {
 public:
  explicit WorkerDeathText(std::string head) : head_(std::move(head)) {}

  // Null: there is no memory for it. Blocks: as ActorDied::cause().
  const char* get(const ActorDied& death) noexcept try {
    std::call_once(is_made_, [&] {
      const DeathCause cause = death.cause();
      const std::string place = cause.method.empty() ? std::string() : fmt::format(" while {} ran", cause.method);
      text_ = fmt::format("{}{}: {}; {}", head_, place, how_it_ended(cause), client::verdict_text(death.execution()));
    });
    return text_.c_str();
  } catch (const std::exception&) {
    return nullptr;
  }

 private:
  const std::string head_;
  std::once_flag is_made_;
  std::string text_;
};

}  // namespace detail

WorkerDiedError::WorkerDiedError(const std::string& whose, int pid, const ActorDied& death)
    : BrokenExecutorError(death.what()),
      pid_(pid),
      death_(death),
      text_(std::make_shared<detail::WorkerDeathText>(fmt::format("{} (pid {}) died", whose, pid))) {}

const char* WorkerDiedError::what() const noexcept {
  const char* text = text_->get(death_);
  return text != nullptr ? text : BrokenExecutorError::what();
}

}  // namespace troupe
