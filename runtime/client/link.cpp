// SPDX-License-Identifier: BSL-1.0
#include "client/link.hpp"

#include <troupe/archive.hpp>
#include <troupe/error.hpp>

#include <fmt/core.h>

#include <cstring>
#include <stdexcept>
#include <tuple>
#include <utility>

#include "client/refusal.hpp"
#include "client/session.hpp"
#include "platform/fork_mark.hpp"
#include "platform/step_mark.hpp"
#include "wire/registry.hpp"

namespace troupe::client {

Link::Link(std::shared_ptr<Session> session, wire::ActorDescription actor, std::string type_name)
    : session_(std::move(session)),
      actor_(std::move(actor)),
      type_name_(std::move(type_name)),
      pid_(actor_.pid),
      incarnation_(actor_.incarnation) {}

void Link::note_life(int pid, unsigned incarnation) {
  pid_ = pid;
  incarnation_ = incarnation;
}

Link::~Link() {
  if (CallChannel* channel = channel_.load()) channel->drop_link_reference();
}

CallChannel& Link::channel(Opening::TimePoint deadline) {
  if (CallChannel* open = channel_or_null()) return *open;
  while (channel_or_null() == nullptr) {
    const auto opening = open();
    if (opening == nullptr || opening->wait(deadline)) continue;
    throw TimeoutError(fmt::format("opening the channel to actor {} ({}): the deadline passed before there was a life of it to "
                                   "talk to; nothing was sent",
                                   actor_.id.value, wire::readable_type(type_name_.c_str())),
                       Execution::not_started);
  }
  TROUPE_STEP_MARK("attach ends");
  return *channel_or_null();
}

// Whoever comes first asks for it. What has failed is tried again by whoever comes next.
std::shared_ptr<Opening> Link::open() {
  const std::lock_guard lock(open_mutex_);
  if (channel_or_null() != nullptr) return nullptr;
  if (opening_ == nullptr || opening_->has_failed()) opening_ = session_->attach(*this);
  return opening_;
}

void Opening::end(std::exception_ptr error) {
  const std::lock_guard lock(mutex_);
  error_ = std::move(error);
  is_over_ = true;
  is_ended_.notify_all();
}

bool Opening::has_failed() const {
  const std::lock_guard lock(mutex_);
  return error_ != nullptr;
}

bool Opening::wait(TimePoint deadline) const {
  std::unique_lock lock(mutex_);
  const auto is_over = [this] { return is_over_; };
  if (deadline == TimePoint::max()) {
    is_ended_.wait(lock, is_over);
  } else if (!is_ended_.wait_until(lock, deadline, is_over)) {
    return false;
  }
  if (error_ != nullptr) std::rethrow_exception(error_);
  return true;
}

void Link::set_channel(CallChannel& channel) {
  channel.add_reference();
  channel_.store(&channel, std::memory_order_release);
}

ActorIdentity Link::identity() const {
  return {actor_.id, actor_.name, wire::readable_type(type_name_.c_str()), pid(), incarnation()};
}

void Link::note_down(const Down& down) {
  std::vector<std::unique_ptr<detail::DownCallback>> callbacks;
  {
    const std::lock_guard lock(down_mutex_);
    if (down_) return;
    down_ = down;
    callbacks.swap(down_callbacks_);
    went_down_.notify_all();
  }
  for (auto& callback : callbacks) run_down_callback(std::move(callback));
}

bool Link::is_down() const {
  const std::lock_guard lock(down_mutex_);
  return down_.has_value();
}

std::optional<ExitStatus> Link::wait_down(Timeout timeout) const {
  std::unique_lock lock(down_mutex_);
  const auto has_gone = [&] { return down_.has_value(); };
  if (timeout.is_forever()) {
    went_down_.wait(lock, has_gone);
  } else if (!went_down_.wait_until(lock, timeout.after(std::chrono::steady_clock::now()), has_gone)) {
    return std::nullopt;
  }
  return down_->status;
}

void Link::on_down(std::unique_ptr<detail::DownCallback> callback) {
  {
    const std::lock_guard lock(down_mutex_);
    if (!down_) {
      down_callbacks_.push_back(std::move(callback));
      return;
    }
  }
  run_down_callback(std::move(callback));
}

bool Link::has_down_callbacks() const {
  const std::lock_guard lock(down_mutex_);
  return !down_callbacks_.empty();
}

void Link::run_down_callback(std::unique_ptr<detail::DownCallback> callback) {
  session_->callbacks().post([callback = std::move(callback), down = *down_] { callback->run(down); });
}

}  // namespace troupe::client

namespace troupe::detail {

using client::Link;

void LinkHandle::retain(Link& link) noexcept { link.add_handle(); }

void LinkHandle::release(Link& link) noexcept {
  const ActorId id = link.actor().id;
  const std::shared_ptr<client::Session> session = link.session();  // the link may be gone after the next line
  if (link.drop_handle()) session->forget_unused(id);
}

// Never ignored, always said.
const CallOptions& checked(const CallOptions& options) {
  if (options.retries != 0 && !options.idempotent) {
    throw std::invalid_argument(
        "CallOptions::retries is for calls that may be sent again although they had started: set CallOptions::idempotent, too");
  }
  if (options.window == 0)
    throw std::invalid_argument("CallOptions::window is 0, so no value of a stream could ever be made; take 1 or more");
  return options;
}

LinkWire pack_link(const LinkHandle& link) {
  if (link.get() == nullptr) return {};
  const wire::ActorDescription& actor = link.get()->actor();
  return {actor.id,
          actor.key.high,
          actor.key.low,
          actor.name,
          link.get()->pid(),
          link.get()->incarnation(),
          actor.mailbox_calls,
          actor.mailbox_bytes,
          actor.mailbox_payload};
}

LinkWire read_link(InputArchive& archive) {
  LinkWire wire;
  archive(wire);
  return wire;
}

LinkHandle unpack_link(const LinkWire& wire, const char* actor_type) {
  if (wire.id.value == 0) return {};
  return client::current_session().link_to(wire, actor_type);
}

std::strong_ordering link_order(const LinkHandle& a, const LinkHandle& b) noexcept {
  if (a.get() == b.get()) return std::strong_ordering::equal;
  if (a.get() == nullptr || b.get() == nullptr) return (a.get() != nullptr) <=> (b.get() != nullptr);
  const wire::ActorDescription& one = a.get()->actor();
  const wire::ActorDescription& other = b.get()->actor();
  return std::tie(one.id.value, one.key.high, one.key.low) <=> std::tie(other.id.value, other.key.high, other.key.low);
}

ActorId link_id(const LinkHandle& link) { return checked(link).actor().id; }
std::string link_name(const LinkHandle& link) { return checked(link).actor().name; }
int link_pid(const LinkHandle& link) { return checked(link).pid(); }
unsigned link_incarnation(const LinkHandle& link) { return checked(link).incarnation(); }

// Without a channel nothing would tell of its death.
bool link_is_alive(const LinkHandle& link) {
  Link& target = checked(link);
  if (target.is_down() || target.session()->has_manager_fallen()) return false;
  try {
    return !target.channel().has_fallen();
  } catch (const ActorDied&) {
    return false;
  } catch (const ManagerDied&) {
    return false;
  }
}

void link_stop(const LinkHandle& link, Timeout grace) { checked(link).session()->stop(*link.get(), grace); }
void link_kill(const LinkHandle& link) { checked(link).session()->kill(*link.get()); }

namespace {

// The two that are to end together, or not any more.
std::pair<Link&, Link&> pair_of(const LinkHandle& link, const LinkHandle& other) {
  Link& one = checked(link);
  Link& two = checked(other);
  if (one.session() != two.session())
    throw std::invalid_argument("Proxy::link: the other actor belongs to another Runtime; link actors of the same one");
  if (&one == &two) throw std::invalid_argument("Proxy::link: an actor cannot be linked to itself");
  return {one, two};
}

}  // namespace

void link_to_other(const LinkHandle& link, const LinkHandle& other) {
  const auto [one, two] = pair_of(link, other);
  one.session()->link(one, two);
}

void unlink_from_other(const LinkHandle& link, const LinkHandle& other) {
  const auto [one, two] = pair_of(link, other);
  one.session()->unlink(one, two);
}

std::optional<ExitStatus> link_wait(const LinkHandle& link, Timeout timeout) {
  Link& target = checked(link);
  target.session()->watch(target);
  return target.wait_down(timeout);
}

void link_on_down(const LinkHandle& link, std::unique_ptr<DownCallback> callback) {
  Link& target = checked(link);
  target.on_down(std::move(callback));
  target.session()->watch(target);
}

void CallWriter::fail_to_encode() {
  std::exception_ptr error =
      client::current_error_of(client::describe_call(node_, link_.identity()) + " was not sent, its arguments cannot be encoded");
  if (cell_ == nullptr) std::rethrow_exception(error);
  cell_->complete_with_error(std::move(error));
  cell_->drop_reference();
}

}  // namespace troupe::detail
