// SPDX-License-Identifier: BSL-1.0
#include "vandal.hpp"

#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "wire/control.hpp"
#include "wire/library.hpp"

namespace troupe::campaigns {

namespace {

constexpr std::size_t kFrontWords = 64;

// A line of /proc/self/maps: "begin-end rw-s … /memfd:the states of a channel (deleted)".
std::optional<Ground> ground_in(const std::string& line) {
  if (line.find(" rw-s ") == std::string::npos || line.find("of a channel") == std::string::npos) return std::nullopt;
  std::istringstream numbers(line);
  std::uintptr_t begin = 0;
  std::uintptr_t end = 0;
  char dash = 0;
  numbers >> std::hex >> begin >> dash >> end;
  return Ground{reinterpret_cast<std::byte*>(begin), end - begin};
}

std::vector<int> own_sockets() {
  std::vector<int> sockets;
  for (const auto& each : std::filesystem::directory_iterator("/proc/self/fd")) {
    const int handle = std::stoi(each.path().filename().string());
    int type = 0;
    socklen_t bytes = sizeof type;
    if (::getsockopt(handle, SOL_SOCKET, SO_TYPE, &type, &bytes) == 0 && type == SOCK_SEQPACKET) sockets.push_back(handle);
  }
  return sockets;
}

std::vector<std::byte> draw_host_message(Random& random) {
  const auto number = static_cast<std::uint64_t>(uniform(random, 0, 5));
  switch (uniform(random, 0, 6)) {
    case 0:
      return wire::encode_message<wire::ToManagerFromHost>(wire::own_hello(uniform(random, 0, 9999)));
    case 1:
      return wire::encode_message<wire::ToManagerFromHost>(wire::Constructed{{static_cast<std::uint32_t>(random())}, 3});
    case 2:
      return wire::encode_message<wire::ToManagerFromHost>(wire::ConstructFailed{});
    case 3:
      return wire::encode_message<wire::ToManagerFromHost>(wire::ChannelOpened{number, {static_cast<std::uint32_t>(number)}});
    case 4:
      return wire::encode_message<wire::ToManagerFromHost>(wire::ChannelRefused{number, {}});
    case 5:
      return wire::encode_message<wire::ToManagerFromHost>(wire::Status{number, random(), random(), "x"});
    default:
      return wire::encode_message<wire::ToManagerFromHost>(wire::JoinAsClient{});
  }
}

void send_to(int socket, std::vector<std::byte> bytes, const std::vector<int>& handles) {
  alignas(cmsghdr) std::array<std::byte, CMSG_SPACE(8 * sizeof(int))> space{};
  iovec piece{bytes.data(), bytes.size()};
  msghdr header{};
  header.msg_iov = &piece;
  header.msg_iovlen = 1;
  if (!handles.empty()) {
    header.msg_control = space.data();
    header.msg_controllen = CMSG_SPACE(handles.size() * sizeof(int));
    cmsghdr* control = CMSG_FIRSTHDR(&header);
    control->cmsg_level = SOL_SOCKET;
    control->cmsg_type = SCM_RIGHTS;
    control->cmsg_len = CMSG_LEN(handles.size() * sizeof(int));
    std::copy(handles.begin(), handles.end(), reinterpret_cast<int*>(CMSG_DATA(control)));
  }
  (void)::sendmsg(socket, &header, MSG_NOSIGNAL | MSG_DONTWAIT);
}

}  // namespace

std::vector<Ground> writable_grounds() {
  std::vector<Ground> grounds;
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    if (const auto ground = ground_in(line)) grounds.push_back(*ground);
  }
  return grounds;
}

std::vector<Ground> grounds_since(const std::vector<Ground>& before) {
  std::vector<Ground> grounds = writable_grounds();
  std::erase_if(grounds, [&](const Ground& each) { return std::find(before.begin(), before.end(), each) != before.end(); });
  return grounds;
}

void wreck(const std::vector<Ground>& grounds, Random& random, int words) {
  for (; words > 0; --words) {
    const Ground& ground = grounds.at(random() % grounds.size());
    auto* const all = reinterpret_cast<std::atomic<std::uint64_t>*>(ground.bytes);
    const std::size_t count = ground.size_bytes / sizeof *all;
    auto& word = all[random() % (one_in(random, 4) ? count : std::min(count, kFrontWords))];
    const std::uint64_t small = (random() % 16) << 32 | random() % 16;
    word.store(one_in(random, 2) ? small : one_in(random, 2) ? random() : word.load() ^ std::uint64_t{1} << random() % 64);
  }
}

bool Visitor::visit(const Proxy<Target>& target) { return target.call<&Target::twice>(21u).get() == 42; }

// For ever, as the process lives: it has nothing else to do.
void Vandal::run_amok(std::uint64_t seed) {
  std::thread([seed, grounds = writable_grounds()] {
    Random random(seed);
    for (;;) {
      wreck(grounds, random, 8);
      sleep_up_to(random, std::chrono::microseconds(100));
    }
  }).detach();
}

void Vandal::babble(std::uint64_t seed) {
  Random random(seed);
  for (int count = uniform(random, 1, 20); count > 0; --count) {
    for (const int socket : own_sockets()) {
      const auto handles = draw_handles(random);
      send_to(socket, spoiled(draw_host_message(random), random), handles);
      for (const int handle : handles) ::close(handle);
    }
  }
}

std::vector<int> draw_handles(Random& random) {
  std::vector<int> handles;
  for (int count = one_in(random, 2) ? uniform(random, 0, 5) : 0; count > 0; --count) {
    const int memory = ::memfd_create("not what you think", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (one_in(random, 2)) (void)::ftruncate(memory, 4096 * uniform(random, 0, 64));
    handles.push_back(memory);
  }
  return handles;
}

std::vector<std::byte> spoiled(std::vector<std::byte> message, Random& random) {
  const auto somewhere = [&] { return random() % message.size(); };
  if (one_in(random, 4)) return message;
  for (int flips = uniform(random, 1, 6); flips > 0; --flips) message[somewhere()] ^= static_cast<std::byte>(1u << random() % 8);
  if (one_in(random, 4)) message.resize(1 + somewhere());
  if (one_in(random, 8)) message.resize(message.size() + random() % 2000);
  return message;
}

}  // namespace troupe::campaigns
