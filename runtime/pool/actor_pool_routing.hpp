// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/actor_pool.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>

namespace troupe::pool {

// How much a place wants a key; the one that wants it most has it. So a place that comes or goes moves no key between others
// (rendezvous hashing: Thaler and Ravishankar, 1998).
std::uint64_t wish(std::uint64_t key, std::uint64_t place) noexcept;

// Which member is next. Of the members it sees what `Table` tells, by index: size(), may_take(i), load(i), place(i).
// Thread-safety: none.
class Router {
 public:
  // `seed`: of the random choice.
  Router(Routing routing, std::uint64_t seed) : routing_(routing), state_(seed | 1) {}

  // nullopt: none may take a call.
  template <class Table>
  std::optional<std::size_t> next(const Table& table) {
    switch (routing_) {
      case Routing::least_loaded:
        return least_loaded(table);
      case Routing::random:
        return random(table);
      case Routing::round_robin:
      case Routing::consistent_hash:
        break;
    }
    return in_turn(table);
  }

  template <class Table>
  static std::optional<std::size_t> of_key(const Table& table, std::uint64_t key) {
    std::optional<std::size_t> best;
    for (std::size_t i = 0; i < table.size(); ++i) {
      if (!table.may_take(i)) continue;
      if (!best || wish(key, table.place(i)) > wish(key, table.place(*best))) best = i;
    }
    return best;
  }

 private:
  template <class Table>
  std::optional<std::size_t> in_turn(const Table& table) {
    const std::size_t count = table.size();
    for (std::size_t tried = 0; tried < count; ++tried) {
      const std::size_t i = turn(count);
      if (table.may_take(i)) return i;
    }
    return std::nullopt;
  }
  template <class Table>
  std::optional<std::size_t> least_loaded(const Table& table) {
    const std::size_t count = table.size();
    std::optional<std::size_t> best;
    for (std::size_t tried = 0; tried < count; ++tried) {
      const std::size_t i = (next_ + tried) % count;
      if (table.may_take(i) && (!best || table.load(i) < table.load(*best))) best = i;
    }
    if (best) next_ = *best + 1;
    return best;
  }
  template <class Table>
  std::optional<std::size_t> random(const Table& table) {
    std::size_t usable = 0;
    for (std::size_t i = 0; i < table.size(); ++i) usable += table.may_take(i) ? 1 : 0;
    if (usable == 0) return std::nullopt;
    std::size_t chosen = draw() % usable;
    for (std::size_t i = 0; i < table.size(); ++i) {
      if (table.may_take(i) && chosen-- == 0) return i;
    }
    return std::nullopt;
  }

  std::size_t turn(std::size_t count) noexcept {
    if (next_ >= count) next_ = 0;
    return next_++;
  }
  std::uint64_t draw() noexcept;

  const Routing routing_;
  std::size_t next_ = 0;
  std::uint64_t state_;
};

}  // namespace troupe::pool
