// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <cereal/types/vector.hpp>
#include <csignal>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <string_view>
#include <troupe/troupe.hpp>

namespace troupe::testing::test {

// Fails in all ways, with fail points.
class Store {
 public:
  enum class Status { ok, full };

  Store() { TROUPE_FAIL_POINT("store.open"); }
  explicit Store(int first) : sum_(first) { TROUPE_FAIL_POINT("store.open"); }

  int put(int number) {
    TROUPE_FAIL_POINT("store.before_put");
    sum_ += number;
    TROUPE_FAIL_POINT("store.after_put");
    return sum_;
  }
  int try_put(int number) {
    if (TROUPE_FAIL_POINT("store.full")) return -1;
    return put(number);
  }
  int sum() const { return sum_; }
  int pid() const { return ::getpid(); }
  void segfault() { std::raise(SIGSEGV); }
  void quit(int code) { std::exit(code); }
  void refuse() { throw std::out_of_range("index 5"); }

 private:
  int sum_ = 0;
};

// Calls a store.
class Clerk {
 public:
  void put(const Proxy<Store>& store, int number) { store.call<&Store::put>(number).get(); }
};

// Writes down what it runs, in a file that outlives it: a byte for each.
class Diary {
 public:
  explicit Diary(const std::string& path) : file_(::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600)) {}
  ~Diary() { ::close(file_); }
  Diary(const Diary&) = delete;
  Diary& operator=(const Diary&) = delete;

  char note(char what) {
    if (::write(file_, &what, 1) != 1) throw std::runtime_error("the diary is full");
    return what;
  }

 private:
  int file_;
};

// Writes in a diary as long as that lives.
class Scribe {
 public:
  int write_until_it_dies(const Proxy<Diary>& diary) {
    for (int answered = 0;; ++answered) {
      try {
        diary.call<&Diary::note>('a').get();
      } catch (const ActorDied&) {
        return answered;
      }
    }
  }
};

}  // namespace troupe::testing::test
