// SPDX-License-Identifier: BSL-1.0
// Counts the words of all text files below a directory with one actor per processor. An actor that dies of a segfault is
// replaced, its files are counted again, and the counts are right.
//   word_count [DIR] [--crash N] [--in-process]
#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <map>
#include <string>
#include <thread>
#include <troupe/troupe.hpp>
#include <unordered_map>

#include "words.hpp"

namespace {

class WordCounter {
 public:
  WordTable count(const std::string& path, bool crash) {
    if (crash) {
      volatile std::uintptr_t nowhere = 16;
      *reinterpret_cast<volatile int*>(nowhere) = 1;  // a real segfault
    }
    return count_words(path);
  }
};

struct Options {
  std::string directory = "/usr/include";
  std::size_t crash_at = 0;  // the N-th file, from 1; 0: none
  bool in_process = false;
};

class Tally {
 public:
  void add(const WordTable& table) {
    for (const auto& [word, count] : table) {
      counts_[word] += count;
      words_ += count;
    }
  }
  void print() const {
    std::vector<std::pair<std::string, std::uint64_t>> order(counts_.begin(), counts_.end());
    std::sort(order.begin(), order.end(),
              [](const auto& a, const auto& b) { return a.second != b.second ? a.second > b.second : a.first < b.first; });
    for (std::size_t i = 0; i < std::min<std::size_t>(20, order.size()); ++i)
      fmt::print("{:>9} {}\n", order[i].second, order[i].first);
    std::uint64_t checksum = 0;
    for (const auto& [word, count] : order) checksum = checksum * 31 + std::hash<std::string>()(word) * count;
    fmt::print("total: {} words, {} different, checksum {:016x}\n", words_, counts_.size(), checksum);
  }

 private:
  std::unordered_map<std::string, std::uint64_t> counts_;
  std::uint64_t words_ = 0;
};

// One actor and what it was asked to do.
struct Worker {
  troupe::Proxy<WordCounter> actor;
  struct Asked {
    std::size_t file;
    troupe::AsyncResult<WordTable> result;
  };
  std::deque<Asked> asked;
};

class Count {
 public:
  Count(troupe::Runtime& runtime, const Options& options, std::vector<std::string> files)
      : runtime_(runtime),
        files_(std::move(files)),
        crash_at_(options.crash_at),
        workers_(std::max(1u, std::thread::hardware_concurrency())) {
    for (Worker& worker : workers_) worker.actor = spawn();
  }

  void run() {
    for (std::size_t turn = 0; done_ < files_.size(); ++turn) {
      Worker& worker = workers_[turn % workers_.size()];
      while (worker.asked.size() < 8 && next_ < files_.size()) ask(worker, next_++, true);
      if (!worker.asked.empty()) collect(worker);
    }
  }

  Tally tally;
  std::map<int, std::size_t> files_by_process;

 private:
  troupe::Proxy<WordCounter> spawn() {
    return runtime_.spawn<WordCounter>({.mailbox = {.bytes = 16 << 20}});  // a header's table is larger than the default
  }

  void ask(Worker& worker, std::size_t file, bool first_time) {
    const bool crash = first_time && file + 1 == crash_at_;
    worker.asked.push_back({file, worker.actor.call<&WordCounter::count>(files_[file], crash)});
  }

  void collect(Worker& worker) {
    try {
      tally.add(worker.asked.front().result.get());
      ++files_by_process[worker.actor.pid()];
      ++done_;
      worker.asked.pop_front();
    } catch (const troupe::ActorDied& died) {
      fmt::print("{}\n", died.what());
      fmt::print("cause: {}\n", died.cause().text());
      replace(worker);
    }
  }

  // A new actor gets all that the dead one has not answered; counting a file twice is harmless, adding it twice would not be.
  void replace(Worker& worker) {
    worker.actor = spawn();
    fmt::print("going on in process {}\n", worker.actor.pid());
    for (auto& asked : worker.asked) {
      if (!asked.result.successful()) asked.result = worker.actor.call<&WordCounter::count>(files_[asked.file], false);
    }
  }

  troupe::Runtime& runtime_;
  const std::vector<std::string> files_;
  const std::size_t crash_at_;
  std::vector<Worker> workers_;
  std::size_t next_ = 0, done_ = 0;
};

Options parse(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--in-process") == 0) {
      options.in_process = true;
    } else if (std::strcmp(argv[i], "--crash") == 0 && i + 1 < argc) {
      options.crash_at = std::strtoul(argv[++i], nullptr, 10);
    } else {
      options.directory = argv[i];
    }
  }
  return options;
}

}  // namespace

int main(int argc, char** argv) {
  troupe::Runtime runtime(argc, argv);
  const Options options = parse(argc, argv);
  const auto files = text_files(options.directory);
  const auto begin = std::chrono::steady_clock::now();
  Tally in_process;
  Count count(runtime, options, options.in_process ? std::vector<std::string>() : files);
  if (options.in_process) {
    for (const auto& file : files) in_process.add(count_words(file));
  } else {
    count.run();
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  (options.in_process ? in_process : count.tally).print();
  for (const auto& [pid, number] : count.files_by_process) fmt::print("process {}: {} files\n", pid, number);
  fmt::print("{} files in {:.2f} s, {:.0f} files/s\n", files.size(), took.count(),
             static_cast<double>(files.size()) / took.count());
}
