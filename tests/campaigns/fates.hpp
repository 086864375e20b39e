// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/death.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "harm.hpp"

// What is to be told of each harm in each place: the campaign matrix, as data.
namespace troupe::campaigns {

// Where a process comes to harm. Adding one: its row of kSettings and its column of kFates in fates.cpp, and what leads there in
// scene.cpp, or in false_start.cpp.
enum class Place : std::uint8_t {
  constructor,
  arguments,  // while they are decoded
  method,
  result,  // while it is encoded
  destructor,
  thread,      // of the actor's own
  callback,    // of a call that the actor has made
  host_start,  // before main, here and in the next two; a host that is executed
  zygote_start,
  manager_start,
};
constexpr std::size_t kPlaces = static_cast<std::size_t>(Place::manager_start) + 1;

enum class Fate : std::uint8_t {
  dies,    // of it, and the report says all that there is to say
  mute,    // dies, and could say nothing itself: the kernel's word is all that there is
  aborts,  // of an exception that nobody catches
  hangs,   // until it is killed
  stops,   // as if nothing had happened
  throws,  // the exception reaches who has called
  unread,  // its call fails with SerializationError
  lives,   // nobody is told anything
};

// How whoever asked for it is answered.
enum class Answer : std::uint8_t { value, own_exception, serialization_error, actor_died, timed_out, start_error };
const char* text_of(Answer answer);

struct Death {
  DeathKind kind = DeathKind::unknown;
  int signal = 0;
  int exit_code = 0;
  bool has_address = false;
  std::string function{};  // that the backtrace shows; empty: there is none
  std::string detail{};    // what `detail` begins with; empty: it says nothing
  std::string method{};    // what `method` ends with; empty: none ran
};

struct Expected {
  Answer answer = Answer::value;
  std::optional<Execution> execution{};  // of the call, where its error says so
  std::optional<Death> death{};          // of the actor's process, as it is reported; nullopt: it lives, or there was none
  std::string text{};                    // part of the error's
};

const char* name_of(Harm harm);
const char* name_of(Place place);
const char* name_of(Fate fate);
// Whether there is an actor, before it comes to harm.
constexpr bool comes_up(Place place) { return place != Place::constructor && place < Place::host_start; }

Fate fate_of(Harm harm, Place place);
Expected expected_of(Harm harm, Place place);

}  // namespace troupe::campaigns
