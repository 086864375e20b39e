// SPDX-License-Identifier: BSL-1.0
#include <troupe/error.hpp>

#include <fmt/core.h>

#include <atomic>
#include <exception>
#include <memory>
#include <string>

#include "base/exit_text.hpp"
#include "client/call_channel.hpp"
#include "pool/crew_errors.hpp"

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

// Made when somebody wants it: how a process ended is told later than that it has, and who has asked too early may ask again.
// Shared by copies. Thread-safety: full.
class WorkerDeathText {
 public:
  explicit WorkerDeathText(std::string head) : head_(std::move(head)) {}

  // Null: there is no memory for it. Blocks: as ActorDied::cause(), until that is known.
  const char* get(const ActorDied& death) noexcept try {
    if (const char* known = known_.load(std::memory_order_acquire)) return known;
    const DeathCause cause = death.cause();
    const std::string place = cause.method.empty() ? std::string() : fmt::format(" while {} ran", cause.method);
    const char* text =
        said_.say(fmt::format("{}{}: {}; {}", head_, place, how_it_ended(cause), client::verdict_text(death.execution())));
    if (cause.kind != DeathKind::unknown) known_.store(text, std::memory_order_release);
    return text;
  } catch (const std::exception&) {
    return nullptr;
  }

 private:
  const std::string head_;
  pool::SaidTexts said_;
  std::atomic<const char*> known_ = nullptr;
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
