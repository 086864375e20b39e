// SPDX-License-Identifier: BSL-1.0
#include "manager/printouts.hpp"

#include <algorithm>
#include <utility>

namespace troupe::manager {

namespace {

constexpr std::size_t kMessageBytes = 32 * 1024;  // more, by one line at the most

std::size_t bytes_of(const wire::KeptLine& line) { return sizeof(line) + line.text.size(); }

}  // namespace

void Printout::add(wire::KeptLine line) {
  line.number = ++last_number_;
  bytes_ += bytes_of(line);
  lines_.push_back(std::move(line));
  while (lines_.size() > kMostLines || (bytes_ > kMostBytes && lines_.size() > 1)) {
    bytes_ -= bytes_of(lines_.front());
    lines_.pop_front();
  }
}

void Printout::read(const wire::ReadOutput& order, wire::KeptOutput& answer) const {
  const std::uint64_t forgotten = last_number_ - lines_.size();
  const std::uint64_t unwanted = last_number_ - std::min(last_number_, order.last);
  answer.through = std::min(std::max({order.after, forgotten, unwanted}), last_number_);
  std::size_t bytes = 0;
  while (answer.through < last_number_ && bytes < kMessageBytes) {
    answer.lines.push_back(lines_[static_cast<std::size_t>(answer.through++ - forgotten)]);
    bytes += bytes_of(answer.lines.back());
  }
  answer.more = answer.through < last_number_;
}

void Printouts::add(ActorId actor, const std::string& name, wire::KeptLine line) {
  Entry& entry = entries_[actor];
  entry.name = name;
  entry.printout.add(std::move(line));
}

void Printouts::ended(ActorId actor) {
  if (!entries_.contains(actor) || std::ranges::find(ended_, actor) != ended_.end()) return;
  ended_.push_back(actor);
  if (ended_.size() <= kMostEnded) return;
  entries_.erase(ended_.front());
  ended_.pop_front();
}

const Printout* Printouts::find(ActorId actor) const {
  const auto found = entries_.find(actor);
  return found == entries_.end() ? nullptr : &found->second.printout;
}

ActorId Printouts::last_of(const std::string& name) const {
  const auto found = std::find_if(entries_.rbegin(), entries_.rend(), [&](const auto& each) { return each.second.name == name; });
  return found == entries_.rend() ? ActorId() : found->first;
}

}  // namespace troupe::manager
