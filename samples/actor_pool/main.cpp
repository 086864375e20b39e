// SPDX-License-Identifier: BSL-1.0
// Two pools of actors, after uActor's recipes: in the one calls run side by side because there are several actors, in the other
// each actor also works in threads of its own and answers when one of them is done. Five calls on four actors: the fifth goes to
// the first again.
#include <fmt/core.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <memory>
#include <set>
#include <thread>
#include <troupe/actor_pool.hpp>
#include <troupe/troupe.hpp>
#include <vector>

class SyncActor {
 public:
  int getpid() const { return ::getpid(); }
};

// Its method returns at once; the result comes from a thread.
class AsyncActor {
 public:
  ~AsyncActor() {
    for (auto& each : threads_) each.join();
  }

  troupe::AsyncResult<int> getpid() {
    auto promise = std::make_shared<troupe::Promise<int>>();
    threads_.emplace_back([promise] { promise->set_value(::getpid()); });
    return promise->result();
  }

 private:
  std::vector<std::thread> threads_;
};

// Whether five calls have gone round four actors.
template <auto kMethod, class A>
bool call_five_times(const char* name, const troupe::ActorPool<A>& pool) {
  std::vector<troupe::AsyncResult<int>> results;
  for (int i = 0; i < 5; ++i) results.push_back(pool.template call<kMethod>());
  const std::vector<int> pids = gather(results).get();
  fmt::print("{}: {}\n", name, fmt::join(pids, " "));
  return pids[0] == pids[4] && std::set<int>(pids.begin(), pids.end()).size() == 4;
}

int main(int argc, char** argv) {
  troupe::Runtime runtime(argc, argv);
  const troupe::ActorPool<SyncActor> sync_pool(runtime, {.size = 4});
  const troupe::ActorPool<AsyncActor> async_pool(runtime, {.size = 4});

  const bool has_gone_round = call_five_times<&SyncActor::getpid>("actors side by side", sync_pool) &&
                              call_five_times<&AsyncActor::getpid>("results of their threads", async_pool);
  const std::vector<int> all = sync_pool.broadcast<&SyncActor::getpid>().get();
  fmt::print("all members: {}\n", fmt::join(all, " "));

  sync_pool.members()[0].kill();  // it is replaced, and nobody who calls need know
  int answers = 0;
  for (int i = 0; i < 8; ++i) answers += sync_pool.call<&SyncActor::getpid>().get() != all[0] ? 1 : 0;
  fmt::print("after the death of one: {} of 8 calls answered by others\n", answers);
  return has_gone_round && answers == 8 ? 0 : 1;
}
