// SPDX-License-Identifier: BSL-1.0
#include "victim.hpp"

#include <thread>

#include "clerk.hpp"

namespace troupe::campaigns {

// The begin and the end of one method; an exception ends it, too.
class Victim::Entry {
 public:
  Entry(Victim& victim, std::uint64_t number) : ledger_(victim.ledger_), number_(number) { ledger_.begin(number); }
  ~Entry() { ledger_.end(number_); }
  Entry(const Entry&) = delete;
  Entry& operator=(const Entry&) = delete;

 private:
  Ledger& ledger_;
  const std::uint64_t number_;
};

Victim::Victim(const std::string& ledger_path, Harm in_constructor) : ledger_(ledger_path) { suffer(in_constructor); }

Victim::~Victim() {
  if (!destructor_number_) return;
  const Entry entry(*this, *destructor_number_);
  suffer(in_destructor_);
}

void Victim::order_in_destructor(std::uint64_t number, Harm harm) {
  destructor_number_ = number;
  in_destructor_ = harm;
}

std::uint64_t Victim::count(std::uint64_t number) {
  const Entry entry(*this, number);
  return Clerk::counted(number);
}

void Victim::suffer_here(std::uint64_t number, Harm harm) {
  const Entry entry(*this, number);
  suffer(harm);
}

void Victim::take(std::uint64_t number, const HarmfulArgument&) { const Entry entry(*this, number); }

HarmfulResult Victim::give(std::uint64_t number, Harm harm) {
  const Entry entry(*this, number);
  return {harm};
}

void Victim::suffer_in_thread(std::uint64_t number, Harm harm) {
  const Entry entry(*this, number);
  std::thread thread([harm] { suffer(harm); });
  if (harm == Harm::endless_loop) {
    thread.detach();
  } else {
    thread.join();
  }
}

void Victim::suffer_in_callback(std::uint64_t number, Harm harm, const Proxy<Victim>& other) {
  const Entry entry(*this, number);
  run_in_callback(other, [harm] { suffer(harm); });
}

}  // namespace troupe::campaigns
