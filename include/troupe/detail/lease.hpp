// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>
#include <memory>
#include <utility>

namespace troupe::client {
class Link;
class Session;
}  // namespace troupe::client

namespace troupe::detail {

class Carried;  // the proxies that were written into a GrowingBuffer (runtime/client/carried.hpp)

// Keeps the actors of the proxies in one envelope alive while nobody else may hold them: from before the envelope is sent until
// its reader has dealt with it. The manager keeps it, so it outlives the sender; here is the sender's part. Registering it is
// one message to the manager and no answer. An envelope without proxies has none.
// Thread-safety: none.
class Lease {
 public:
  Lease() = default;  // none
  Lease(Lease&& other) noexcept = default;
  Lease& operator=(Lease&&) = delete;
  // Ends it, unless its envelope was sent.
  ~Lease();

  // Before the envelope is sent: of a call to this actor, or of a reply through this channel (the manager's number) of the actor
  // that this process is. Proxies of other runtimes are left out: they mean nothing to the reader.
  // Blocks: while the manager has not read what this process has sent it before, some hundred messages.
  static Lease of_request(const Carried& carried, client::Link& receiver);
  static Lease of_reply(const Carried& carried, std::uint64_t channel);
  // Of a constructor's arguments: lasts as long as this object.
  static Lease of_arguments(const Carried& carried, client::Session& session);

  explicit operator bool() const noexcept { return session_ != nullptr; }
  std::uint64_t number() const noexcept { return number_; }  // travels behind the envelope's values
  // Replaces none by `other`.
  void take(Lease other) noexcept {
    session_ = std::move(other.session_);
    number_ = other.number_;
  }
  // The envelope is on its way: its reader ends the lease.
  void hand_over() noexcept { session_.reset(); }

 private:
  Lease(std::shared_ptr<client::Session> session, std::uint64_t number) noexcept
      : session_(std::move(session)), number_(number) {}
  static Lease begin(const Carried& carried, client::Session& session, std::uint64_t to_actor, std::uint64_t to_channel);

  std::shared_ptr<client::Session> session_;
  std::uint64_t number_ = 0;
};

}  // namespace troupe::detail
