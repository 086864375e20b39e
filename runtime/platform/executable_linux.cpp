// SPDX-License-Identifier: BSL-1.0
#include "platform/executable.hpp"

#include <dlfcn.h>
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
#include <system_error>
#include <vector>

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

// What the file holds there; shorter where it ends before.
std::vector<unsigned char> read_at(const Handle& file, std::uint64_t offset, std::size_t bytes) {
  std::vector<unsigned char> block(bytes);
  const ssize_t count = ::pread(file.get(), block.data(), bytes, static_cast<off_t>(offset));
  block.resize(count < 0 ? 0 : static_cast<std::size_t>(count));
  return block;
}

constexpr std::size_t kMostNoteBytes = 64 * 1024;

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

Handle open_executable(const std::string& path) {
  const auto refuse = [&] { throw std::system_error(errno, std::generic_category(), path); };
  Handle file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file || ::faccessat(AT_FDCWD, path.c_str(), X_OK, AT_EACCESS) != 0) refuse();
  return file;
}

std::string build_id_of(const Handle& file) {
  const auto begin = read_at(file, 0, sizeof(ElfW(Ehdr)));
  ElfW(Ehdr) header;
  if (begin.size() != sizeof(header) || std::memcmp(begin.data(), ELFMAG, SELFMAG) != 0) return {};
  std::memcpy(&header, begin.data(), sizeof(header));
  if (header.e_phentsize != sizeof(ElfW(Phdr))) return {};
  for (unsigned i = 0; i < header.e_phnum; ++i) {
    ElfW(Phdr) segment;
    const auto entry = read_at(file, header.e_phoff + i * sizeof(segment), sizeof(segment));
    if (entry.size() != sizeof(segment)) return {};
    std::memcpy(&segment, entry.data(), sizeof(segment));
    if (segment.p_type != PT_NOTE || segment.p_filesz > kMostNoteBytes) continue;
    const auto notes = read_at(file, segment.p_offset, segment.p_filesz);
    if (auto id = build_id_in(notes, segment.p_align == 8 ? 8 : 4); !id.empty()) return id;
  }
  return {};
}

// The dynamic section lies inside the library, wherever the loader has put that.
LoadedModule load_module(const std::string& path) {
  void* const loaded = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (loaded == nullptr) throw StartError(fmt::format("the module cannot be loaded: {}", ::dlerror()));
  link_map* map = nullptr;
  if (::dlinfo(loaded, RTLD_DI_LINKMAP, &map) != 0) throw StartError(fmt::format("the module {}: {}", path, ::dlerror()));
  const auto dynamic = reinterpret_cast<std::uintptr_t>(map->l_ld);
  const auto modules = loaded_modules();
  const auto found = std::find_if(modules.begin(), modules.end(),
                                  [&](const LoadedModule& each) { return each.begin <= dynamic && dynamic < each.end; });
  if (found == modules.end()) throw StartError(fmt::format("the module {} is not where the loader has put it", path));
  return *found;
}

// Its own: what the loader finds may be one of the libraries that it needs.
void* symbol_of(const LoadedModule& module, const char* name) {
  void* const loaded = ::dlopen(module.path.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NOLOAD);
  if (loaded == nullptr) return nullptr;
  void* const symbol = ::dlsym(loaded, name);
  ::dlclose(loaded);  // it stays
  const auto address = reinterpret_cast<std::uintptr_t>(symbol);
  return module.begin <= address && address < module.end ? symbol : nullptr;
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
