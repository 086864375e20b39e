// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/detail/registry.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <memory>
#include <optional>
#include <semaphore>
#include <span>
#include <string>
#include <thread>
#include <typeinfo>
#include <vector>

#include "channel/client_end.hpp"
#include "host/actor.hpp"
#include "host/dispatcher.hpp"
#include "host/inbox.hpp"
#include "host/served_channel.hpp"
#include "host/sleeper.hpp"
#include "platform/life_page.hpp"
#include "wire/registry.hpp"

namespace troupe::host {

constexpr std::size_t kMostPayload = 1 << 20;
wire::ChannelOffer offer_of(const channel::Geometry& geometry);

// The actor of these tests: notes the numbers that it is called with.
struct Recorder {
  std::vector<int> seen;
  std::binary_semaphore has_entered{0};  // released by hold()
  std::binary_semaphore may_leave{0};    // hold() waits for it
};

// Another class, whose methods must never see a Recorder.
struct Stranger {
  int untouched = 0;
};

// Numbers the nodes of this program, as the guard would.
void number_own_nodes();

// One int in, nothing or one int out.
int argument_of(const detail::Invocation& invocation);
void answer_with(detail::Invocation& invocation, int value);

// A registration node made by hand: kThunk is its method of class A.
template <class A, detail::MethodThunk kThunk>
struct HandMadeKey {
  static constexpr const std::type_info* actor_type() { return &typeid(A); }
  static constexpr const char* signature() { return __PRETTY_FUNCTION__; }
  static constexpr detail::MethodThunk kMethod = kThunk;
  static constexpr detail::ConstructorThunk kConstruct = nullptr;
};

template <detail::MethodThunk kThunk, class A = Recorder>
wire::MethodId method() {
  return wire::number_of(detail::Registration<HandMadeKey<A, kThunk>>::node());
}

// Methods that most tests need.
void note(void* actor, detail::Invocation& invocation);     // notes the number
void add_one(void* actor, detail::Invocation& invocation);  // answers the number and one
void hold(void* actor, detail::Invocation& invocation);     // runs until the test lets it go; notes the number
void fill(void* actor, detail::Invocation& invocation);     // answers so many bytes

// A client: one end of a channel, used by the test's own thread.
class Client {
 public:
  struct Reply {
    wire::ReplyKind kind = wire::ReplyKind::padding;
    std::vector<std::byte> payload;
    channel::Ticket ticket;

    std::string text() const { return {reinterpret_cast<const char*>(payload.data()), payload.size()}; }
    int number() const;
  };

  Client(const channel::Geometry& geometry, const platform::SharedMemory& requests, platform::SharedMemory extents,
         OpenedChannel opened, platform::Event event, platform::Event host_event);

  channel::ClientEnd& end() { return *end_; }
  bool is_served() const { return !served_.expired(); }

  // nullopt: the mailbox is full.
  std::optional<channel::Ticket> try_send(wire::RequestKind kind, wire::MethodId method, int argument,
                                          std::int64_t deadline_ns = wire::kNoDeadline);
  channel::Ticket call(wire::MethodId method, int argument, std::int64_t deadline_ns = wire::kNoDeadline);
  void tell(wire::MethodId method, int argument, std::int64_t deadline_ns = wire::kNoDeadline);

  // With a lease; there is room.
  channel::Ticket send_leased(wire::RequestKind kind, wire::MethodId method, int argument, std::uint64_t lease,
                              std::int64_t deadline_ns = wire::kNoDeadline);

  // Blocks: until a reply is there, asleep on the client's doorbell.
  Reply wait_reply();
  Reply ask(wire::MethodId method, int argument) { return call(method, argument), wait_reply(); }

  // The request memory, to write garbage into.
  std::byte* raw_requests() { return raw_requests_.data(); }

 private:
  std::weak_ptr<ServedChannel> served_;
  platform::Mapping raw_requests_;
  platform::Event event_;
  std::unique_ptr<channel::ClientEnd> end_;
};

// An actor and its dispatcher, which runs in a thread of its own.
class Stage final : private Dispatcher::Listener {
 public:
  explicit Stage(std::size_t most_futexes = Sleeper::kMostFutexes);
  ~Stage();

  // A new channel; its client's mailbox.
  Client open(std::size_t calls = 16, std::size_t bytes = 4096);
  void close(std::uint64_t number);
  void post_stop();
  // Asks for the end and waits for it. The exit code.
  int stop();

  Recorder& recorder() { return recorder_; }  // while the dispatcher does not run, or holds
  platform::LifeStatus& status() { return status_; }
  // After stop():
  const std::vector<std::string>& complaints() const { return complaints_; }
  const std::vector<std::uint64_t>& closed() const { return closed_; }  // channels
  const std::vector<std::uint64_t>& leases_read() const { return leases_read_; }
  std::uint64_t last_number() const { return last_number_; }

  // Until hold() runs; lets it go.
  void wait_held() { recorder_.has_entered.acquire(); }
  void let_go() { recorder_.may_leave.release(); }

 private:
  void channel_broken(const ServedChannel& channel, const std::string& reason) override;
  void channel_closed(std::uint64_t number) override;
  void lease_read(const ServedChannel& channel, std::uint64_t lease) override;

  Recorder recorder_;
  Actor actor_;
  Inbox inbox_;
  platform::LifeStatus status_;
  Sleeper sleeper_;
  std::vector<std::string> complaints_;
  std::vector<std::uint64_t> closed_;
  std::vector<std::uint64_t> leases_read_;
  Dispatcher dispatcher_;
  std::uint64_t last_number_ = 0;
  int exit_code_ = -1;
  std::thread thread_;
};

// Yields until `condition` holds; the test's watchdog ends one that never does.
template <class Condition>
void wait_until(Condition condition) {
  while (!condition()) std::this_thread::yield();
}

}  // namespace troupe::host
