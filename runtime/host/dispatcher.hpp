// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "host/actor.hpp"
#include "host/inbox.hpp"
#include "host/message_watch.hpp"
#include "host/served_channel.hpp"
#include "host/sleeper.hpp"
#include "host/turn.hpp"
#include "platform/life_page.hpp"

namespace troupe::host {

// Serves the actor's channels by turns, one envelope at a time: the loop of the main thread. Between turns it answers calls whose
// results have come later than their turns, and runs the parts of calls that go on after theirs. What an envelope means is
// left to Turn, waiting to Sleeper, opening and closing channels to the control thread.
// Thread-safety: one thread.
class Dispatcher {
 public:
  // What the manager has to hear of.
  class Listener {
   public:
    // The channel's client broke the protocol; it is let go of next.
    virtual void channel_broken(const ServedChannel& channel, const std::string& reason) = 0;
    // It was closed by mail, and nothing more of it is read.
    virtual void channel_closed(std::uint64_t number) = 0;
    // An envelope with this lease has been dealt with, whatever became of it.
    virtual void lease_read(const ServedChannel& channel, std::uint64_t lease) = 0;

   protected:
    ~Listener() = default;
  };

  // `sleeper` waits for the same inbox; tests bring one of their own.
  Dispatcher(const Turn::Surroundings& surroundings, Inbox& inbox, Sleeper& sleeper, Listener& listener)
      : surroundings_(surroundings), inbox_(inbox), sleeper_(sleeper), listener_(listener), deferrals_(inbox) {
    surroundings_.deferrals = &deferrals_;
  }

  // Serves until the mail says stop and what had been sent by then is done and answered. The exit code that it names.
  // `first`: mail that was taken before.
  int run(Mail first);

  // The turn whose method runs; null between turns.
  Turn* running_turn() const { return running_; }

  // In a turn; see message_watch.hpp.
  [[gnu::cold]] void watch_messages(MessageWatch& watch);

  // So many envelopes of one channel are handled before the next channel is looked at.
  static constexpr unsigned kBatch = 64;

 private:
  enum class Outcome { idle, served, over };

  [[gnu::cold]] void accept(Mail mail);
  bool is_drained() const;
  [[gnu::cold]] static unsigned left_to_drain(const ServedChannel& channel);
  bool serve_all();
  Outcome serve(ServedChannel& channel);
  Outcome serve_batch(ServedChannel& channel);
  [[gnu::cold]] void answer_later(std::uint64_t number);
  [[gnu::cold]] void break_off(ServedChannel& channel, const char* reason);
  [[gnu::cold]] bool take_leased(ServedChannel& channel, const channel::HostEnd::Request& request);
  static void ring(ServedChannel& channel);
  [[gnu::cold]] void let_go(std::size_t index);
  [[gnu::cold]] void note_large_payload();
  [[gnu::cold]] void give_back_memory();

  Turn::Surroundings surroundings_;
  Turn* running_ = nullptr;
  Inbox& inbox_;
  Sleeper& sleeper_;
  Listener& listener_;
  std::vector<std::shared_ptr<ServedChannel>> channels_;
  ServedChannel* latest_ = nullptr;  // served last; one of channels_, or null
  Deferrals deferrals_;
  MessageWatch* watch_ = nullptr;
  std::optional<int> exit_code_;                               // set: stopping
  Sleeper::TimePoint quiet_time_ = Sleeper::TimePoint::max();  // then memory that large payloads left behind is given back
};

// In an actor's method, in the thread that runs it. Errors: std::logic_error elsewhere.
Turn& running_turn();

}  // namespace troupe::host
