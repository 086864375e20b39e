// SPDX-License-Identifier: BSL-1.0
#include "client/moved_call.hpp"

#include <troupe/detail/link.hpp>
#include <troupe/error.hpp>

#include <algorithm>
#include <chrono>
#include <climits>
#include <new>
#include <utility>

#include "client/cell_status.hpp"
#include "client/link.hpp"

namespace troupe::client {

using detail::ResultCell;
using Clock = std::chrono::steady_clock;

// The result of the other actor. No reply is decoded into it: it is passed on as it comes.
class MovedCall::Second final : public ResultCell {
 public:
  // A handle for the moved call, a reference for the pending one.
  explicit Second(std::shared_ptr<MovedCall> moved)
      : ResultCell(moved->key() ? kKeyed : kPlain, 1), moved_(std::move(moved)), teller_(*this) {
    set_movable();
  }

  // Whoever completes it passes it on.
  void tell() { add_callback(&teller_); }

 private:
  struct Teller final : detail::Callback {
    explicit Teller(Second& own) : second(own) { second.add_reference(); }
    bool note(ResultCell&) noexcept override {
      second.moved_->pass_on(second);
      drop();
      return true;
    }
    void run(ResultCell&) override {}  // never: note() says that that was all
    void drop() noexcept override { second.drop_reference(); }
    bool is_waiter() const noexcept override { return true; }
    Second& second;
  };

  static void destroy(ResultCell* cell) noexcept { delete static_cast<Second*>(cell); }
  static std::uint64_t key_of(const ResultCell& cell) noexcept { return *static_cast<const Second&>(cell).moved_->key(); }
  static constexpr detail::CellType kPlain{nullptr, &destroy, false};
  static constexpr detail::CellType kKeyed{.decode = nullptr, .destroy = &destroy, .is_plain = false, .key = &key_of};

  const std::shared_ptr<MovedCall> moved_;
  Teller teller_;
};

MovedCall::~MovedCall() {
  if (!has_cell_) return;
  from_.end_move(cell_);  // its deadline may have ended it meanwhile
  try {
    if (!is_over()) fail(from_.error_of_unstarted(cell_));
  } catch (const std::bad_alloc&) {
    fail(std::current_exception());
  }
  cell_.drop_reference();
}

std::optional<std::uint64_t> MovedCall::key() const { return CellAccess::key(cell_); }

bool MovedCall::is_over() const { return CellAccess::is_claimed(cell_); }

CallOptions MovedCall::options() const {
  CallOptions options{.deadline = Timeout(), .idempotent = retry_.is_wanted};
  if (retry_.is_wanted && retry_.left != UINT_MAX) options.retries = retry_.left;
  const std::int64_t deadline_ns = CellAccess::deadline_ns(cell_);
  if (deadline_ns == wire::kNoDeadline) return options;
  const std::chrono::nanoseconds left(deadline_ns - Clock::now().time_since_epoch().count());
  options.deadline = Timeout(std::max(left, std::chrono::nanoseconds(0)));
  return options;
}

void MovedCall::send_to(Link& link) {
  Second* second = nullptr;
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(is_taken_, true)) return;
    second = new Second(shared_from_this());
    second_ = second;
    const CallOptions under = options();
    detail::CallWriter writer(link, *CellAccess::method(cell_), &under, second);
    writer.queue_when_full();
    if (std::byte* place = writer.reserve(payload_.size())) {
      std::ranges::copy(payload_.bytes(), place);
      writer.send();
    }
  }
  second->add_reference();  // it may be passed on here and now
  try {
    second->tell();
  } catch (...) {  // no handle is left for that
    fail(std::current_exception());
    drop_second();
  }
  second->drop_reference();  // and with it, perhaps, this
}

void MovedCall::fail(std::exception_ptr error) noexcept {
  (void)take_unsent();
  from_.end_move(cell_);
  cell_.complete_with_error(std::move(error));
}

// By whoever completes the second result, as the reader of its channel perhaps.
void MovedCall::pass_on(Second& second) noexcept {
  from_.end_move(cell_);
  if (cell_.claim()) {
    const bool is_decoded = CellAccess::pass_on(second, cell_);
    CellAccess::publish(cell_, is_decoded);
  }
  drop_second();
}

void MovedCall::drop_second() noexcept {
  Second* second = nullptr;
  {
    const std::lock_guard lock(mutex_);
    second = std::exchange(second_, nullptr);
  }
  if (second != nullptr) second->drop_handle();
}

// True once, and only before it is sent: from here on it never is.
bool MovedCall::take_unsent() {
  const std::lock_guard lock(mutex_);
  return !std::exchange(is_taken_, true);
}

// Asks the channel of the second result. nullopt: there is none; false: it could not be sent, and its outcome says so.
template <class Question>
std::optional<bool> MovedCall::ask_second(const Question& question) {
  Second* second = nullptr;
  {
    const std::lock_guard lock(mutex_);
    if (second_ == nullptr) return std::nullopt;
    second = second_;
    second->add_reference();
  }
  struct Drop {
    ~Drop() { second.drop_reference(); }
    Second& second;
  } const drop{*second};
  CallChannel* const channel = CellAccess::channel(*second);
  return channel != nullptr && question(*channel, *second);
}

bool MovedCall::cancel(std::optional<Timeout> force) {
  const auto cancel = [&](CallChannel& channel, ResultCell& second) { return channel.cancel(second, force); };
  if (const auto is_cancelled = ask_second(cancel)) return *is_cancelled;
  return cancel_unsent();
}

bool MovedCall::recall() {
  const auto recall = [](CallChannel& channel, ResultCell& second) { return channel.recall(second); };
  if (const auto is_recalled = ask_second(recall)) return *is_recalled;
  return cancel_unsent();
}

bool MovedCall::cancel_unsent() {
  if (!take_unsent()) return false;
  fail(std::make_exception_ptr(CancelledError(describe_call(cell_) + " was cancelled; " + verdict_text(Execution::not_started))));
  return true;
}

bool MovedCall::is_running() {
  return ask_second([](CallChannel& channel, ResultCell& second) { return channel.is_running(second); }).value_or(false);
}

void MovedCall::expire() {
  if (!take_unsent()) return;
  fail(std::make_exception_ptr(TimeoutError(describe_call(cell_) +
                                                ": its deadline has passed while it waited for another actor to take it; " +
                                                verdict_text(Execution::not_started),
                                            Execution::not_started)));
}

}  // namespace troupe::client
