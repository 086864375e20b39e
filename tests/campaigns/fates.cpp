// SPDX-License-Identifier: BSL-1.0
#include "fates.hpp"

#include <fmt/core.h>

#include <csignal>

#include "base/exit_text.hpp"

namespace troupe::campaigns {

namespace {

// A harm's death, where all can be told.
struct Ending {
  const char* name;
  DeathKind kind;
  int number;            // the signal, or the exit code
  bool has_address;      // that the processor stumbled at
  const char* function;  // in the backtrace; null: there is none
  const char* detail;    // begins with this
};

constexpr Ending kEndings[kHarms] = {
    {"SIGSEGV", DeathKind::signal, SIGSEGV, true, "write_nowhere", ""},
    {"SIGABRT", DeathKind::signal, SIGABRT, false, "call_abort", ""},
    {"SIGFPE", DeathKind::signal, SIGFPE, true, "divide_by_zero", ""},
    {"SIGBUS", DeathKind::signal, SIGBUS, true, "read_past_the_end", ""},
    {"SIGILL", DeathKind::signal, SIGILL, true, "run_what_is_no_instruction", ""},
    {"stack overflow", DeathKind::signal, SIGSEGV, true, "recurse", "its stack has overflowed"},
    {"exit(0)", DeathKind::exit_code, 0, false, nullptr, ""},
    {"_exit(7)", DeathKind::exit_code, 7, false, nullptr, ""},
    {"throw", DeathKind::signal, SIGABRT, false, "throw_something",
     "nobody caught an exception: std::runtime_error: harm was asked for"},
    {"terminate", DeathKind::signal, SIGABRT, false, "call_terminate", "std::terminate was called without an exception"},
    {"out of memory", DeathKind::out_of_memory, SIGABRT, false, "use_all_memory", "nobody caught an exception: std::bad_alloc"},
    {"endless loop", DeathKind::killed_by_us, SIGKILL, false, nullptr, ""},
};

struct Setting {
  const char* name;
  const char* method;   // that runs; empty: nothing of the actor's does
  const char* catcher;  // in the backtrace of an uncaught exception: what would not let it out, or else what threw
};

constexpr Setting kSettings[kPlaces] = {
    {"constructor", "constructor of troupe::campaigns::Victim", nullptr},
    {"arguments", "Victim::take", nullptr},
    {"method", "Victim::suffer_here", nullptr},
    {"result", "Victim::give", nullptr},
    {"destructor", "destructor of troupe::campaigns::Victim", "~Victim"},
    {"thread", "Victim::suffer_in_thread", "throw_something"},
    {"callback", "Victim::suffer_in_callback", nullptr},
    {"start-host", "", nullptr},
    {"start-zygote", "", nullptr},
    {"start-manager", "", nullptr},
};

using enum Fate;

// What surprises:
// - A deadline, and a kill, end what hangs in a call; SIGTERM, when the grace of its stop is over, what hangs in a destructor;
// the
//   time for the start what hangs there. A thread that loops beside its actor harms nobody, and ends with the process.
// - exit(0) in a call is a death, since nobody has asked for it; in a destructor somebody has: it is how every actor ends.
// - Destructors and threads let no exception out: std::terminate. A callback's is reported on stderr, and no more.
// - An alternate stack, on which an overflow of the first can be told, is each thread's own: those of the runtime have one.
// - Before main there is no handler yet that could tell anything: the end for want of memory is then just SIGABRT.
// clang-format off
constexpr Fate kFates[kHarms][kPlaces] = {
    // constr. argum.  method  result  destr.  thread  callb.   before main: host, zygote, manager
    {dies,   dies,   dies,   dies,   dies,   dies,   dies,   mute,   mute,   mute},   // SIGSEGV
    {dies,   dies,   dies,   dies,   dies,   dies,   dies,   mute,   mute,   mute},   // SIGABRT
    {dies,   dies,   dies,   dies,   dies,   dies,   dies,   mute,   mute,   mute},   // SIGFPE
    {dies,   dies,   dies,   dies,   dies,   dies,   dies,   mute,   mute,   mute},   // SIGBUS
    {dies,   dies,   dies,   dies,   dies,   dies,   dies,   mute,   mute,   mute},   // SIGILL
    {dies,   dies,   dies,   dies,   dies,   mute,   dies,   mute,   mute,   mute},   // stack overflow
    {dies,   dies,   dies,   dies,   stops,  dies,   dies,   dies,   dies,   dies},   // exit(0)
    {dies,   dies,   dies,   dies,   dies,   dies,   dies,   dies,   dies,   dies},   // _exit(7)
    {throws, unread, throws, unread, aborts, aborts, lives,  mute,   mute,   mute},   // throw
    {dies,   dies,   dies,   dies,   dies,   dies,   dies,   mute,   mute,   mute},   // terminate
    {dies,   dies,   dies,   dies,   dies,   dies,   dies,   mute,   mute,   mute},   // out of memory
    {hangs,  hangs,  hangs,  hangs,  hangs,  lives,  hangs,  hangs,  hangs,  hangs},  // endless loop
};
// clang-format on

const Ending& ending_of(Harm harm) { return kEndings[static_cast<std::size_t>(harm)]; }
const Setting& setting_of(Place place) { return kSettings[static_cast<std::size_t>(place)]; }

const char* detail_of(Harm harm, Place place, Fate fate) {
  if (fate == mute && place == Place::thread) return "its handler of signals could not run";
  if (fate == hangs && place == Place::destructor) return "it did not stop within its grace";
  if (fate == hangs && !comes_up(place)) return "its process did not come up within";
  return fate == dies || fate == aborts ? ending_of(harm).detail : "";
}

Death death_of(Harm harm, Place place, Fate fate) {
  const Ending& ending = ending_of(harm);
  const bool has_signal = ending.kind != DeathKind::exit_code;
  Death death;
  death.kind = ending.kind;
  (has_signal ? death.signal : death.exit_code) = ending.number;
  death.method = setting_of(place).method;
  if (fate == hangs && place == Place::destructor) death.signal = SIGTERM;
  if (fate == hangs && !comes_up(place)) death.kind = DeathKind::start_failure;
  if (fate == stops) death.kind = DeathKind::stopped;
  if (fate == mute && has_signal) death.kind = DeathKind::signal;
  if (fate == dies || fate == aborts) {
    death.has_address = ending.has_address;
    if (ending.function != nullptr) death.function = ending.function;
    if (fate == aborts) death.function = setting_of(place).catcher;
  }
  death.detail = detail_of(harm, place, fate);
  return death;
}

Answer answer_of(Place place, Fate fate) {
  switch (fate) {
    case throws:
      return Answer::own_exception;
    case unread:
      return Answer::serialization_error;
    case lives:
    case stops:
      return Answer::value;
    case dies:
    case mute:
    case aborts:
    case hangs:
      break;
  }
  if (!comes_up(place)) return Answer::start_error;
  if (place == Place::destructor) return Answer::value;  // it is asked to stop, and nobody calls
  return fate == hangs ? Answer::timed_out : Answer::actor_died;
}

// Of the processes that an actor's start takes only its own tells more than by a text.
bool is_reported(Place place) { return place != Place::zygote_start && place != Place::manager_start; }

std::string start_error_text(const Death& death, Fate fate) {
  if (fate == hangs) return "(RuntimeOptions::start_timeout)";
  if (death.kind == DeathKind::out_of_memory) return "out of memory";
  return death.signal != 0 ? detail::signal_text(death.signal) : fmt::format("exited with code {}", death.exit_code);
}

}  // namespace

const char* text_of(Answer answer) {
  constexpr const char* kTexts[] = {"a value", "the exception", "SerializationError", "ActorDied", "TimeoutError", "StartError"};
  return kTexts[static_cast<std::size_t>(answer)];
}

const char* name_of(Harm harm) { return ending_of(harm).name; }
const char* name_of(Place place) { return setting_of(place).name; }
const char* name_of(Fate fate) {
  constexpr const char* kNames[] = {"dies", "mute", "aborts", "hangs", "stops", "throws", "unread", "lives"};
  return kNames[static_cast<std::size_t>(fate)];
}

Fate fate_of(Harm harm, Place place) { return kFates[static_cast<std::size_t>(harm)][static_cast<std::size_t>(place)]; }

Expected expected_of(Harm harm, Place place) {
  const Fate fate = fate_of(harm, place);
  Expected expected;
  expected.answer = answer_of(place, fate);
  if (expected.answer == Answer::actor_died || expected.answer == Answer::timed_out) expected.execution = Execution::maybe;
  if (fate == throws || fate == unread || fate == lives) return expected;
  const Death death = death_of(harm, place, fate);
  if (expected.answer == Answer::start_error) expected.text = start_error_text(death, fate);
  if (is_reported(place)) expected.death = death;
  return expected;
}

}  // namespace troupe::campaigns
