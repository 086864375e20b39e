// SPDX-License-Identifier: BSL-1.0
#include "clerk.hpp"

#include <unistd.h>

#include <fmt/core.h>

#include <chrono>

namespace troupe::campaigns {

// The begin and the end of one method, around all that it does.
class Clerk::Entry {
 public:
  Entry(Clerk& clerk, std::uint64_t number, std::uint32_t sender) : clerk_(clerk), number_(number) {
    clerk.ledger_.begin(number);
    std::uint64_t& next = clerk.next_.at(sender);
    if (number < next) clerk.ledger_.complain(fmt::format("call {} of sender {} came after call {}", number, sender, next - 1));
    next = number + 1;
  }
  ~Entry() { clerk_.ledger_.end(number_); }
  Entry(const Entry&) = delete;
  Entry& operator=(const Entry&) = delete;

 private:
  Clerk& clerk_;
  const std::uint64_t number_;
};

std::uint64_t Clerk::count(std::uint64_t number, std::uint32_t sender, std::uint32_t work_us) {
  const Entry entry(*this, number, sender);
  const auto end = std::chrono::steady_clock::now() + std::chrono::microseconds(work_us);
  while (work_us != 0 && std::chrono::steady_clock::now() < end) {
  }
  return counted(number);
}

std::string Clerk::echo(std::uint64_t number, std::uint32_t sender, const std::string& text) {
  const Entry entry(*this, number, sender);
  return text;
}

void Clerk::note(std::uint64_t number, std::uint32_t sender) { const Entry entry(*this, number, sender); }

Generator<std::uint64_t> Clerk::pages(std::uint64_t first) const {
  for (std::uint64_t number = first;; ++number) co_yield number;
}

std::string Clerk::text_of(std::uint64_t number, std::uint32_t bytes) {
  std::string text(bytes, '\0');
  for (std::size_t i = 0; i < text.size(); ++i) text[i] = static_cast<char>(number + i * 31);
  return text;
}

}  // namespace troupe::campaigns
