// SPDX-License-Identifier: BSL-1.0
#include "caller.hpp"

#include "load.hpp"

namespace troupe::campaigns {

bool Caller::ask(const Proxy<Clerk>& clerk) {
  try {
    call_once(clerk, ledger_, kSender);
    return true;
  } catch (const ActorDied&) {
  } catch (const ManagerDied&) {
  }
  return false;
}

}  // namespace troupe::campaigns
