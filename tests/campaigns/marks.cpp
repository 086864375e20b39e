// SPDX-License-Identifier: BSL-1.0
#include "marks.hpp"

#include <elf.h>
#include <fmt/core.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>

#include "campaign.hpp"

namespace troupe::campaigns {

namespace {

constexpr std::string_view kSection = ".debug_troupe_steps";

using Marks = std::multimap<std::string, std::uint64_t, std::less<>>;  // addresses as linked

template <class T>
T copy_at(const std::string& bytes, std::uint64_t offset) {
  T value;
  expect(offset + sizeof value <= bytes.size(), "this executable is cut off");
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

// The contents of the section with the marks; empty when there is none.
std::string section_of(const std::string& file) {
  const auto header = copy_at<Elf64_Ehdr>(file, 0);
  const auto section = [&](unsigned index) { return copy_at<Elf64_Shdr>(file, header.e_shoff + index * header.e_shentsize); };
  const std::uint64_t names = section(header.e_shstrndx).sh_offset;
  for (unsigned index = 0; index < header.e_shnum; ++index) {
    const Elf64_Shdr each = section(index);
    if (file.c_str() + names + each.sh_name != kSection) continue;
    expect((each.sh_flags & SHF_COMPRESSED) == 0, "the marks in this executable are compressed; link it without -gz");
    return file.substr(each.sh_offset, each.sh_size);
  }
  return {};
}

Marks read_marks() {
  std::ifstream stream("/proc/self/exe", std::ios::binary);
  const std::string section = section_of({std::istreambuf_iterator<char>(stream), {}});
  Marks marks;
  for (std::size_t at = 0; at + sizeof(std::uint64_t) < section.size();) {
    const auto address = copy_at<std::uint64_t>(section, at);
    const std::string name = section.c_str() + at + sizeof address;
    at += sizeof address + name.size() + 1;
    if (address > 1) marks.emplace(name, address);  // the linker has dropped the function of the others
  }
  return marks;
}

// What the kernel added to the addresses of a position-independent executable.
std::uint64_t load_bias(int pid) {
  const std::string path = std::filesystem::read_symlink(fmt::format("/proc/{}/exe", pid)).string();
  std::ifstream maps(fmt::format("/proc/{}/maps", pid));
  for (std::string line; std::getline(maps, line);) {
    if (line.ends_with(path) && line.find(" 00000000 ") != std::string::npos) return std::stoull(line, nullptr, 16);
  }
  throw Broken(fmt::format("process {} does not map its executable", pid));
}

}  // namespace

std::vector<std::uint64_t> addresses_of(std::string_view mark, int pid) {
  static const Marks marks = read_marks();
  const auto [begin, end] = marks.equal_range(mark);
  expect(begin != end, "this executable has no mark named \"{}\"; is it stripped?", mark);
  const std::uint64_t bias = load_bias(pid);
  std::vector<std::uint64_t> addresses;
  for (auto each = begin; each != end; ++each) addresses.push_back(each->second + bias);
  return addresses;
}

}  // namespace troupe::campaigns
