// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/troupe.hpp>

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "campaign.hpp"
#include "ledger.hpp"

namespace troupe::campaigns {

// What is passed around: an actor that lives as long as somebody holds it.
class Token {
 public:
  explicit Token(const std::string& ledger_path) : ledger_(ledger_path) {}

  void touch(std::uint64_t number) {
    ledger_.begin(number);
    ledger_.end(number);
  }

 private:
  Ledger ledger_;
};

// A token in one of the forms in which it travels: a proxy, or one of its methods.
struct Held {
  Proxy<Token> token{};
  RemoteFunction<void(std::uint64_t)> touch{};

  ActorId id() const { return token ? token.id() : touch.id(); }
  explicit operator bool() const { return token || touch; }
  template <class Archive>
  void serialize(Archive& archive) {
    archive(token, touch);
  }
};

// Calls a token that this process holds, so that it must be alive; else the ledger hears of it.
void touch(const Held& held, Ledger& ledger);

// An actor that holds tokens, and at each step does something with one of them that its random numbers say: passes it to
// another porter, moves it there, asks for one, drops it, with results waited for, looked at, or dropped unread. It may be killed
// at any moment. It waits for tokens only, never for other porters: they might wait for it.
class Porter {
 public:
  Porter(const std::string& ledger_path, std::uint64_t seed, std::vector<Held> tokens);

  void meet(const std::vector<Proxy<Porter>>& porters) { porters_ = porters; }
  void take(Held held);
  bool take_and_tell(const Held& held);
  void refuse(const Held& held);
  std::vector<Held> give(std::uint64_t seed, bool moves);
  void step();

  // Takes all that it has asked for: an undecoded result holds what is in it. Waits for other porters.
  void settle();
  std::vector<std::uint64_t> held() const;  // which actors
  void clear();

 private:
  using Given = AsyncResult<std::vector<Held>>;

  void pass(const Proxy<Porter>& to);
  void ask(const Proxy<Porter>& from);
  void look_at_given();
  void take_given(const Given& given);
  Held pick(bool moves);

  Ledger ledger_;
  Random random_;
  std::vector<Proxy<Porter>> porters_;
  std::vector<Held> tokens_;
  std::deque<Given> given_;
};

}  // namespace troupe::campaigns
