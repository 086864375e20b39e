// SPDX-License-Identifier: BSL-1.0
#include "host/deferrals.hpp"

#include <exception>
#include <list>
#include <utility>

#include "host/thrown.hpp"
#include "platform/complaint.hpp"

namespace troupe::host {
namespace {

// Posting it takes no memory: a result that has come is never lost.
class Ready final : public detail::Callback {
 public:
  Ready(Inbox& inbox, std::uint64_t number) : inbox_(inbox), number_{number} {}
  bool note(detail::ResultCell&) noexcept override {
    inbox_.post([this](Mail& mail) { mail.ready.splice(mail.ready.end(), number_); });
    drop();
    return true;
  }
  void run(detail::ResultCell& cell) override { note(cell); }
  bool is_waiter() const noexcept override { return true; }

 private:
  Inbox& inbox_;
  std::list<std::uint64_t> number_;
};

}  // namespace

void CancelOnStop::Cancel::operator()() const noexcept try { cell.cancel(std::nullopt); } catch (const std::exception&) {
  platform::complain("a call that is cancelled goes on: {}", describe(std::current_exception()));
}

void Deferrals::add(const Open& open) {
  const std::uint64_t number = ++last_number_;
  open.cell.add_reference();
  Item item{&open.channel, open.request, &open.method, std::unique_ptr<detail::ResultCell, DropCell>(&open.cell),
            open.send,     nullptr};
  item.cancel = std::make_unique<CancelOnStop>(open.token, open.cell);
  item.request.in_ring = {};  // its place is given back
  const auto entry = items_.emplace(number, std::move(item)).first;
  try {
    open.cell.add_callback(new Ready(inbox_, number));
  } catch (...) {
    items_.erase(entry);
    throw;
  }
}

std::optional<Deferrals::Item> Deferrals::take(std::uint64_t number) {
  const auto found = items_.find(number);
  if (found == items_.end()) return std::nullopt;
  Item item = std::move(found->second);
  items_.erase(found);
  item.cancel.reset();
  return item;
}

void Deferrals::forget(const ServedChannel& channel) {
  std::erase_if(items_, [&](const auto& each) { return each.second.channel == &channel; });
}

}  // namespace troupe::host
