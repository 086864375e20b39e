// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/detail/registry.hpp>
#include <troupe/detail/result_cell.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>

#include "channel/host_end.hpp"
#include "host/inbox.hpp"
#include "host/served_channel.hpp"

namespace troupe::host {

// While it lives, a request to stop cancels the result. The cell outlives it.
class CancelOnStop {
 public:
  CancelOnStop(const std::stop_token& token, detail::ResultCell& cell) : callback_(token, Cancel{cell}) {}

 private:
  struct Cancel {
    void operator()() const noexcept;
    detail::ResultCell& cell;
  };
  std::stop_callback<Cancel> callback_;
};

// The calls of a reentrant actor whose methods have returned, and whose results are still to come: kept until these come, when
// the dispatcher finds their numbers in its mail. Thread-safety: the dispatcher's thread; results come in any.
class Deferrals {
 public:
  struct Open {
    ServedChannel& channel;
    channel::HostEnd::Request request;
    const detail::RegistrationNode& method;
    detail::ResultCell& cell;
    detail::Invocation::SendLater send;
    std::stop_token token;
  };
  struct DropCell {
    void operator()(detail::ResultCell* cell) const noexcept { cell->drop_reference(); }
  };
  struct Item {
    ServedChannel* channel;
    channel::HostEnd::Request request;
    const detail::RegistrationNode* method;
    std::unique_ptr<detail::ResultCell, DropCell> cell;  // a reference
    detail::Invocation::SendLater send;
    std::unique_ptr<CancelOnStop> cancel;
  };

  // `inbox` outlives all results.
  explicit Deferrals(Inbox& inbox) : inbox_(inbox) {}
  Deferrals(const Deferrals&) = delete;
  Deferrals& operator=(const Deferrals&) = delete;

  void add(const Open& open);
  // The one whose result has come; nullopt: it is not wanted any more.
  std::optional<Item> take(std::uint64_t number);
  void forget(const ServedChannel& channel);
  bool is_empty() const { return items_.empty(); }

 private:
  Inbox& inbox_;
  std::uint64_t last_number_ = 0;
  std::map<std::uint64_t, Item> items_;
};

}  // namespace troupe::host
