// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/actor_id.hpp>
#include <troupe/actor_info.hpp>
#include <troupe/detail/registry.hpp>
#include <troupe/exit_status.hpp>
#include <troupe/options.hpp>
#include <troupe/timeout.hpp>

#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace troupe::client {
class CallChannel;
class Link;  // this process's one connection to one actor
}  // namespace troupe::client

namespace troupe {
class InputArchive;
}  // namespace troupe

namespace troupe::detail {

class GrowingBuffer;
class ResultCell;

// A counted reference on a link; what a proxy is made of. While a process has one, it is a holder of the actor.
// Thread-safety: as a shared_ptr.
class LinkHandle {
 public:
  LinkHandle() = default;
  explicit LinkHandle(client::Link* adopted) noexcept : link_(adopted) {}
  LinkHandle(const LinkHandle& other) noexcept : link_(other.link_) {
    if (link_ != nullptr) retain(*link_);
  }
  LinkHandle(LinkHandle&& other) noexcept : link_(std::exchange(other.link_, nullptr)) {}
  LinkHandle& operator=(LinkHandle other) noexcept {
    std::swap(link_, other.link_);
    return *this;
  }
  ~LinkHandle() {
    if (link_ != nullptr) release(*link_);
  }

  client::Link* get() const noexcept { return link_; }

 private:
  static void retain(client::Link& link) noexcept;
  static void release(client::Link& link) noexcept;

  client::Link* link_ = nullptr;
};

// A proxy as it travels.
struct LinkWire {
  ActorId id{};
  std::uint64_t key_high = 0;
  std::uint64_t key_low = 0;
  std::string name{};
  std::int32_t pid = 0;
  std::uint32_t incarnation = 0;
  std::uint32_t mailbox_calls = 0;
  std::uint64_t mailbox_bytes = 0;
  std::uint64_t mailbox_payload = 0;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(id, key_high, key_low, name, pid, incarnation, mailbox_calls, mailbox_bytes, mailbox_payload);
  }
};

LinkWire pack_link(const LinkHandle& link);
LinkWire read_link(InputArchive& archive);
// The link of this process's session to that actor; null for an empty proxy's wire form. `actor_type`: typeid's name.
// Errors: std::logic_error in a process without a runtime.
LinkHandle unpack_link(const LinkWire& wire, const char* actor_type);

class DownCallback {
 public:
  virtual ~DownCallback() = default;
  virtual void run(const Down& down) = 0;
};

// Errors: std::invalid_argument for what is not supported.
const CallOptions& checked(const CallOptions& options);

// The lower half of Proxy's verbs that are no calls. All but link_order throw std::logic_error on an empty handle.
client::Link& checked(const LinkHandle& link);
// By actor, of whichever runtime; an empty handle comes first. Never throws.
std::strong_ordering link_order(const LinkHandle& a, const LinkHandle& b) noexcept;
ActorId link_id(const LinkHandle& link);
std::string link_name(const LinkHandle& link);
int link_pid(const LinkHandle& link);
unsigned link_incarnation(const LinkHandle& link);
bool link_is_alive(const LinkHandle& link);
void link_stop(const LinkHandle& link, Timeout grace);
void link_kill(const LinkHandle& link);
std::optional<ExitStatus> link_wait(const LinkHandle& link, Timeout timeout);
void link_to_other(const LinkHandle& link, const LinkHandle& other);
void unlink_from_other(const LinkHandle& link, const LinkHandle& other);
void link_on_down(const LinkHandle& link, std::unique_ptr<DownCallback> callback);

// One envelope being sent. Between reserve() and send() it holds the channel's producer lock, unless the payload is large:
// nothing but encoding plain values may happen there. A call that cannot be sent completes its cell with the reason; a tell
// throws it.
class CallWriter {
 public:
  // `cell`: null for a tell; else with one reference for the pending call. `options` may be null.
  CallWriter(client::Link& link, const RegistrationNode& node, const CallOptions* options, ResultCell* cell) noexcept
      : link_(link), node_(node), options_(options), cell_(cell) {}
  CallWriter(const CallWriter&) = delete;
  CallWriter& operator=(const CallWriter&) = delete;

  // From here on a full mailbox is no reason to wait, nor to fail: the envelope is queued here.
  void queue_when_full() noexcept { is_queued_when_full_ = true; }
  // Room for `payload_bytes`. Blocks: while the mailbox is full, if its policy says so. nullptr: the call has failed.
  std::byte* reserve(std::size_t payload_bytes);
  // After reserve() and encoding. Blocks: likewise, where the payload is large.
  void send();
  // reserve, copy, send; under a lease, when there are proxies among the values.
  void send(const GrowingBuffer& values);
  // The arguments could not be encoded: inside a catch block.
  void fail_to_encode();

 private:
  friend class client::CallChannel;
  friend class client::Link;

  [[gnu::cold]] void send_leased(const GrowingBuffer& values);
  [[gnu::cold]] void fail();
  [[gnu::cold]] std::chrono::steady_clock::time_point deadline_of_opening() const;

  client::Link& link_;
  const RegistrationNode& node_;
  const CallOptions* options_;
  ResultCell* cell_;
  client::CallChannel* channel_ = nullptr;
  std::int64_t deadline_ns_ = INT64_MAX;  // steady clock
  std::uint32_t method_ = 0;              // wire::MethodId
  std::uint64_t extent_offset_ = 0;       // wire::ExtentReference, of a payload too large for the ring
  std::uint64_t extent_bytes_ = 0;
  std::uint64_t lease_ = 0;     // on the proxies among the values; 0: there are none
  bool is_idempotent_ = false;  // ... and it may be sent again to another life of the actor
  bool is_queued_when_full_ = false;
};

}  // namespace troupe::detail
