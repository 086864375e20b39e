// SPDX-License-Identifier: BSL-1.0
#include "platform/executable.hpp"

#include <elf.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <link.h>
#include <unistd.h>
#include <troupe/error.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstring>
#include <span>
#include <string_view>

#include "platform/os_error.hpp"

namespace troupe::platform {
namespace {

constexpr const char* kOwnExecutable = "/proc/self/exe";

std::string hex(std::span<const unsigned char> bytes) {
  std::string text;
  for (const unsigned char byte : bytes) text += fmt::format("{:02x}", byte);
  return text;
}

constexpr std::size_t aligned(std::size_t size, std::size_t alignment) { return (size + alignment - 1) / alignment * alignment; }

// The description of the build-id note among the notes of one segment; empty: it is not there.
std::string build_id_in(std::span<const unsigned char> notes, std::size_t alignment) {
  while (notes.size() >= sizeof(ElfW(Nhdr))) {
    ElfW(Nhdr) header;
    std::memcpy(&header, notes.data(), sizeof(header));
    const std::size_t name = sizeof(header);
    const std::size_t text = aligned(name + header.n_namesz, alignment);
    const std::size_t next = aligned(text + header.n_descsz, alignment);
    if (text + header.n_descsz > notes.size()) return {};
    const bool is_gnu =
        header.n_namesz == sizeof(ELF_NOTE_GNU) && std::memcmp(&notes[name], ELF_NOTE_GNU, sizeof(ELF_NOTE_GNU)) == 0;
    if (is_gnu && header.n_type == NT_GNU_BUILD_ID) return hex(notes.subspan(text, header.n_descsz));
    notes = notes.subspan(std::min(next, notes.size()));
  }
  return {};
}

void add_segment(LoadedModule& module, std::uintptr_t base, const ElfW(Phdr) & segment) {
  const std::uintptr_t begin = base + segment.p_vaddr;
  if (segment.p_type == PT_LOAD) {
    module.begin = module.end == 0 ? begin : std::min(module.begin, begin);
    module.end = std::max(module.end, begin + segment.p_memsz);
  } else if (segment.p_type == PT_NOTE && module.build_id.empty()) {
    const auto* notes = reinterpret_cast<const unsigned char*>(begin);
    module.build_id = build_id_in({notes, segment.p_memsz}, segment.p_align == 8 ? 8 : 4);
  }
}

// dl_iterate_phdr names the executable, which comes first, by an empty string; the kernel's own object has no path.
int add_module(dl_phdr_info* found, std::size_t, void* list) {
  auto& modules = *static_cast<std::vector<LoadedModule>*>(list);
  const std::string_view name = found->dlpi_name;
  const bool is_executable = modules.empty();
  if (!is_executable && name.find('/') == std::string_view::npos) return 0;
  LoadedModule module;
  module.path = is_executable ? own_executable_path() : name;
  for (unsigned i = 0; i < found->dlpi_phnum; ++i) add_segment(module, found->dlpi_addr, found->dlpi_phdr[i]);
  modules.push_back(std::move(module));
  return 0;
}

[[noreturn]] void refuse_own_executable(int error) {
  throw StartError(
      fmt::format("the executable of this process, {}, cannot be started again: {}", own_executable_path(), os_reason(error)));
}

}  // namespace

std::vector<LoadedModule> loaded_modules() {
  std::vector<LoadedModule> modules;
  ::dl_iterate_phdr(&add_module, &modules);
  return modules;
}

Handle open_own_executable() {
  Handle file(::open(kOwnExecutable, O_RDONLY | O_CLOEXEC));
  if (!file) refuse_own_executable(errno);
  const std::string path = fmt::format("/proc/self/fd/{}", file.get());
  if (::faccessat(AT_FDCWD, path.c_str(), X_OK, AT_EACCESS) != 0) refuse_own_executable(errno);
  return file;
}

std::string own_executable_path() {
  std::array<char, PATH_MAX> path;
  const ssize_t length = ::readlink(kOwnExecutable, path.data(), path.size());
  if (length < 0) return kOwnExecutable;
  std::string text(path.data(), static_cast<std::size_t>(length));
  constexpr std::string_view kRemoved = " (deleted)";  // the kernel's mark for a file that was removed or replaced
  if (text.ends_with(kRemoved) && ::access(text.c_str(), F_OK) != 0) text.resize(text.size() - kRemoved.size());
  return text;
}

}  // namespace troupe::platform
