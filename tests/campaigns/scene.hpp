// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/troupe.hpp>

#include <cstdint>
#include <future>
#include <memory>

#include "campaign.hpp"
#include "fates.hpp"
#include "stage.hpp"
#include "told.hpp"
#include "victim.hpp"

namespace troupe::campaigns {

// An actor that comes to harm, among calls before and behind it. The stage outlives it.
class Scene {
 public:
  Scene(Stage& stage, Harm harm, Place place, Asker asker, Random& random);

  // Blocks: until whoever asked for it has been told. Errors: Broken.
  Told come_to_harm();
  // Blocks: until the actor has ended. Errors: Broken when its calls, those who watch it, or those who ask later are told
  // otherwise than they should.
  void expect_end();

 private:
  Told stop_it();
  Told call_it();
  Told try_call(Timeout deadline);
  Told call_with(Timeout deadline, std::uint64_t number);
  template <class T>
  Told told_of(const AsyncResult<T>& result);
  void expect_life();
  void expect_death(const Death& death);

  Stage& stage_;
  const Harm harm_;
  const Place place_;
  const Asker asker_;
  const Expected expected_;
  Random& random_;
  const std::shared_ptr<std::promise<Down>> down_ = std::make_shared<std::promise<Down>>();
  const Proxy<Victim> victim_;
  HarmlessCalls before_;
  HarmlessCalls behind_;
};

}  // namespace troupe::campaigns
