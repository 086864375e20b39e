// SPDX-License-Identifier: BSL-1.0
// Counts the words of all text files below a directory with one actor per processor. An actor that dies of a segfault is
// replaced, its files are counted again, and the counts are right.
//   word_count [DIR] [--crash N | --in-process]
#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <deque>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <stdexcept>
#include <string>
#include <thread>
#include <troupe/troupe.hpp>
#include <unordered_map>

#include "arguments.hpp"

namespace fs = std::filesystem;
using WordTable = std::vector<std::pair<std::string, std::uint64_t>>;  // word, how often

static bool holds_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  char front[4096];
  char* const end = front + file.read(front, sizeof front).gcount();
  return file.is_open() && std::find(front, end, '\0') == end;
}

static std::vector<std::string> text_files_below(const std::string& directory) {
  std::vector<std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(directory, fs::directory_options::skip_permission_denied))
    if (std::error_code error; entry.is_regular_file(error) && holds_text(entry.path())) files.push_back(entry.path());
  if (files.empty()) throw std::runtime_error("there is no text file below " + directory + " that could be read");
  std::sort(files.begin(), files.end());
  return files;
}

static bool is_word(unsigned char c) { return std::isalnum(c) != 0 || c == '_'; }

struct WordCounter {
  // The words of a file: letters, digits, underscores; not starting with a digit.
  WordTable count(const std::string& path, bool crash) const {
    volatile std::uintptr_t nowhere = 16;
    if (crash) *reinterpret_cast<volatile int*>(nowhere) = 1;  // a real segfault
    std::ifstream file(path, std::ios::binary);
    const std::string text(std::istreambuf_iterator<char>(file), {});
    std::unordered_map<std::string, std::uint64_t> counts;
    for (auto at = text.begin(); at != text.end();) {
      at = std::find_if(at, text.end(), is_word);
      const auto end = std::find_if_not(at, text.end(), is_word);
      if (at != end && std::isdigit(static_cast<unsigned char>(*at)) == 0) ++counts[std::string(at, end)];
      at = end;
    }
    return {counts.begin(), counts.end()};
  }
};

struct Totals {
  std::unordered_map<std::string, std::uint64_t> counts;
  std::map<int, std::size_t> files_of_process;
  void add(const WordTable& table, int pid) {
    for (const auto& [word, count] : table) counts[word] += count;
    ++files_of_process[pid];
  }
  void print() const {
    WordTable order(counts.begin(), counts.end());
    std::sort(order.begin(), order.end(),
              [](auto& a, auto& b) { return a.second != b.second ? a.second > b.second : a.first < b.first; });
    std::uint64_t words = 0, checksum = 0;
    for (const auto& [word, count] : order) words += count, checksum = checksum * 31 + std::hash<std::string>()(word) * count;
    for (std::size_t i = 0; i < 20 && i < order.size(); ++i) fmt::print("{:>9} {}\n", order[i].second, order[i].first);
    fmt::print("total: {} words, {} different, checksum {:016x}\n", words, counts.size(), checksum);
    for (const auto& [pid, files] : files_of_process) fmt::print("process {}: {} files\n", pid, files);
  }
};

// An actor, and what it was asked and has not answered.
struct Worker {
  troupe::Proxy<WordCounter> actor;
  std::deque<std::pair<std::string, troupe::AsyncResult<WordTable>>> asked;
  void ask(const std::string& file, bool crash) { asked.emplace_back(file, actor.call<&WordCounter::count>(file, crash)); }
};

static troupe::Proxy<WordCounter> spawn(troupe::Runtime& runtime) {
  return runtime.spawn<WordCounter>({.mailbox = {.bytes = 16 << 20}});  // a header's table is larger than the default
}

// A new actor is asked again what the dead one has not answered.
static void replace(Worker& worker, troupe::Runtime& runtime, const troupe::ActorDied& died) {
  worker.actor = spawn(runtime);
  fmt::print("{}\ncause: {}\ngoing on in process {}\n", died.what(), died.cause().text(), worker.actor.pid());
  for (const auto& [file, result] : std::exchange(worker.asked, {})) worker.ask(file, false);
}

static Totals count_with_actors(troupe::Runtime& runtime, const std::vector<std::string>& files, std::size_t crash_at) {
  Totals totals;
  std::vector<Worker> workers(std::max(1u, std::thread::hardware_concurrency()));
  for (Worker& worker : workers) worker.actor = spawn(runtime);
  for (std::size_t next = 0, counted = 0, turn = 0; counted < files.size(); ++turn) {
    Worker& worker = workers[turn % workers.size()];
    for (; worker.asked.size() < 8 && next < files.size(); ++next) worker.ask(files[next], next + 1 == crash_at);
    if (worker.asked.empty()) continue;
    try {
      totals.add(worker.asked.front().second.get(), worker.actor.pid());
      worker.asked.pop_front();
      ++counted;
    } catch (const troupe::ActorDied& died) {
      replace(worker, runtime, died);
    }
  }
  return totals;
}

int main(int argc, char** argv) try {
  troupe::Runtime runtime(argc, argv);
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (std::find(words.begin(), words.end(), "--help") != words.end()) return fmt::print("{}\n", kUsage), 0;
  const Arguments arguments = parse(words);
  const auto begin = std::chrono::steady_clock::now();
  const std::vector<std::string> files = text_files_below(arguments.directory);
  if (arguments.crash_at > files.size()) throw std::invalid_argument(fmt::format("--crash takes 1 to {} here", files.size()));
  Totals totals;
  if (arguments.is_in_process) {
    for (const auto& file : files) totals.add(WordCounter().count(file, false), ::getpid());
  } else {
    totals = count_with_actors(runtime, files, arguments.crash_at);
  }
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  totals.print();
  fmt::print("{} files in {:.2f} s, {:.0f} files/s\n", files.size(), seconds, static_cast<double>(files.size()) / seconds);
} catch (const std::invalid_argument& error) {
  fmt::print(stderr, "word_count: {}\n", error.what());
  return 2;
} catch (const std::exception& error) {
  fmt::print(stderr, "word_count: {}\n", error.what());
  return 1;
}
