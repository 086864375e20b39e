// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "manager/launcher.hpp"
#include "manager/life_watch.hpp"
#include "manager/tables.hpp"

namespace troupe::manager {

// Takes a spawn from the client's request to its answer: reserves the name, has a process started, tells it what to
// construct, and answers when that has happened or failed; and the same for the next lives of an actor, which nobody waits for.
// Thread-safety: the loop's thread.
class Spawning final : public Launcher::Listener {
 public:
  Spawning(Tables& tables, Children& children, LifeWatch& life_watch, HostListener& hosts);

  // Starts the program's zygote ahead of its first actor.
  void warm_up(const Program& program) { launcher_.warm_up(program); }
  // Errors: ProtocolError for what no honest client sends.
  void spawn(ClientId client, wire::Spawn message, std::vector<platform::Handle> handles);

  // Messages of a host. Errors: ProtocolError.
  void on(HostRecord& host, const wire::Hello& hello, std::span<platform::Handle> handles);
  void on(HostRecord& host, const wire::Constructed& constructed, std::vector<platform::Handle> handles);
  void on(HostRecord& host, const wire::ConstructFailed& failed);
  void on(HostRecord& host, const wire::GuardMissing& missing);

  // Has its process started. The record may be gone afterwards.
  void start(HostRecord& host);
  // Its next life: begins now, its process after the delay. The last one's must have been reaped.
  void start_again(HostRecord& host, std::chrono::nanoseconds delay);
  // Before `running` only: ends what has come of this start. Another one will follow, or it would have been abandoned.
  void call_off(HostRecord& host);
  // Answers what still waited for this host, which is in no table any more.
  void host_ended(HostRecord& host, const DeathCause& cause);
  // Before `running` only: answers its request with `failure`, and ends it. The record may be gone afterwards.
  void abandon(HostRecord& host, Asked why, const wire::Failure& failure);
  // Ends the zygotes of programs that are not used.
  void give_up_programs(const Function<bool(const std::string& key)>& is_used) { launcher_.give_up(is_used); }
  // Ends the zygotes.
  void end() { launcher_.end(); }

 private:
  void launched(std::uint64_t number, NewHost host) override;
  void launch_failed(std::uint64_t number, const std::string& reason) override;

  void place(SpawnRequest request);
  void meet_existing(SpawnRequest request, HostRecord& host);
  void begin(SpawnRequest request, const ClientRecord& client);
  void describe(HostRecord& host, const ClientRecord& client);
  void launch(HostRecord& host);
  void limit_start_time(HostRecord& host);
  void start_took_too_long(std::uint64_t number);
  void give_up_first_life(HostRecord& host, const std::string& reason);

  void bring_up(HostRecord& host, NewHost& new_host);
  void give_up(HostRecord& host, const NewHost& new_host, const std::string& reason);
  void tell_to_construct(HostRecord& host);
  bool capture_output(HostRecord& host);
  void live_again(HostRecord& host, const wire::Constructed& constructed, std::vector<platform::Handle> handles);
  void keep_arguments(const HostRecord& host);
  void announce(const HostRecord& host);
  void look_after(HostRecord& host, const wire::Constructed& constructed, platform::Handle life_page);
  void answer_found(const SpawnRequest& request, HostRecord& host);
  void refuse(HostRecord& host, const wire::Failure& failure);
  void place_again(HostRecord& host);
  void report_later(HostRecord& host, const std::string& reason);
  void forget(HostRecord& host);
  wire::Failure failure_for(const HostRecord& host, const DeathCause& cause) const;

  Tables& tables_;
  Children& children_;
  LifeWatch& life_watch_;
  HostListener& hosts_;
  Launcher launcher_;
};

}  // namespace troupe::manager
