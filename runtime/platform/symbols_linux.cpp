// SPDX-License-Identifier: BSL-1.0
#include "platform/symbols.hpp"

#include <dlfcn.h>
#include <dwarf.h>
#include <elf.h>
#include <elfutils/libdw.h>
#include <elfutils/libdwfl.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <boost/core/demangle.hpp>
#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "platform/handle.hpp"

namespace troupe::platform {
namespace {

// The functions of libdw that are needed: loaded, because every program would start slower if it were linked.
#define TROUPE_DW_FUNCTIONS(each)                                                                                            \
  each(dwfl_begin) each(dwfl_end) each(dwfl_report_elf) each(dwfl_report_end) each(dwfl_module_addrname)                     \
      each(dwfl_module_getsrc) each(dwfl_lineinfo) each(dwfl_module_addrdie) each(dwarf_getscopes) each(dwarf_getscopes_die) \
          each(dwarf_tag) each(dwarf_diename) each(dwarf_attr) each(dwarf_attr_integrate) each(dwarf_formstring)             \
              each(dwarf_formudata) each(dwarf_getsrcfiles) each(dwarf_filesrc) each(dwarf_diecu)

struct Dw {
#define TROUPE_DW_MEMBER(name) decltype(&::name) name;
  TROUPE_DW_FUNCTIONS(TROUPE_DW_MEMBER)
#undef TROUPE_DW_MEMBER

  bool load(void* library) {
    bool has_all = true;
    const auto find = [&](auto& function, const char* name) {
      function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(::dlsym(library, name));
      has_all = has_all && function != nullptr;
    };
#define TROUPE_DW_FIND(name) find(name, #name);
    TROUPE_DW_FUNCTIONS(TROUPE_DW_FIND)
#undef TROUPE_DW_FIND
    return has_all;
  }
};

struct Free {
  void operator()(void* memory) const { std::free(memory); }
};
struct CloseLibrary {
  void operator()(void* library) const { ::dlclose(library); }
};

struct Frame {
  std::string file;
  std::uint64_t address = 0;
};

std::optional<Frame> frame_in(std::string_view line) {
  const auto plus = line.rfind("+0x");
  if (plus == std::string_view::npos || plus == 0) return std::nullopt;
  Frame frame{std::string(line.substr(0, plus)), 0};
  const std::string_view digits = line.substr(plus + 3);
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), frame.address, 16);
  if (read.ec != std::errc() || read.ptr != digits.data() + digits.size()) return std::nullopt;
  return frame;
}

// Debug information in a file of its own is not looked for.
int find_no_debug_file(Dwfl_Module*, void**, const char*, Dwarf_Addr, const char*, const char*, GElf_Word, char**) { return -1; }
int find_no_elf(Dwfl_Module*, void**, const char*, Dwarf_Addr, char**, Elf**) { return -1; }
int find_no_section(Dwfl_Module*, void**, const char*, Dwarf_Addr, const char*, GElf_Word, const GElf_Shdr*, Dwarf_Addr*) {
  return -1;
}

// The trace comes from a process that has crashed, and may name anything: only programs and shared objects are read.
Handle open_program(const std::string& path) {
  if (!path.starts_with('/')) return {};
  Handle file(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  struct stat found {};
  if (!file || ::fstat(file.get(), &found) != 0 || !S_ISREG(found.st_mode)) return {};
  Elf64_Ehdr header{};
  const bool has_header = ::pread(file.get(), &header, sizeof header, 0) == sizeof header;
  const bool is_elf = has_header && std::memcmp(static_cast<const void*>(header.e_ident), ELFMAG, SELFMAG) == 0;
  return is_elf && (header.e_type == ET_EXEC || header.e_type == ET_DYN) ? std::move(file) : Handle();
}

// One file, with addresses as its own tables have them.
class Symbols {
 public:
  Symbols(const Dw& dw, const std::string& path) : dw_(dw) {
    static const Dwfl_Callbacks callbacks{&find_no_elf, &find_no_debug_file, &find_no_section, nullptr};
    Handle file = open_program(path);
    if (!file) return;
    dwfl_ = dw_.dwfl_begin(&callbacks);
    if (dwfl_ == nullptr) return;
    module_ = dw_.dwfl_report_elf(dwfl_, path.c_str(), path.c_str(), file.get(), 0, true);
    if (module_ != nullptr) (void)file.release();  // it is libdw's now
    dw_.dwfl_report_end(dwfl_, nullptr, nullptr);
  }
  ~Symbols() {
    if (dwfl_ != nullptr) dw_.dwfl_end(dwfl_);
  }
  Symbols(const Symbols&) = delete;
  Symbols& operator=(const Symbols&) = delete;

  // Innermost first: a frame is several functions where some were inlined. Empty: nothing is known.
  std::vector<std::string> describe(const Frame& frame) const {
    if (module_ == nullptr) return {};
    std::vector<std::string> functions = functions_at(frame.address);
    if (!functions.empty()) return functions;
    const char* name = dw_.dwfl_module_addrname(module_, frame.address);
    if (name == nullptr) return {};
    return {fmt::format("{} in {}+{:#x}", boost::core::demangle(name), frame.file, frame.address)};
  }

 private:
  struct Scopes {
    std::unique_ptr<Dwarf_Die, Free> dies;
    int count = 0;

    std::span<Dwarf_Die> all() const { return {dies.get(), static_cast<std::size_t>(std::max(count, 0))}; }
  };

  std::vector<std::string> functions_at(std::uint64_t address) const {
    Dwarf_Addr bias = 0;
    Dwarf_Die* unit = dw_.dwfl_module_addrdie(module_, address, &bias);
    if (unit == nullptr) return {};
    std::vector<std::string> functions;
    std::string place = place_of(address);
    const Scopes chain = function_scopes(unit, address - bias);
    for (Dwarf_Die& die : chain.all()) {
      const int tag = dw_.dwarf_tag(&die);
      if (tag != DW_TAG_inlined_subroutine && tag != DW_TAG_subprogram) continue;
      functions.push_back(fmt::format("{} at {}", name_of(die, address), place));
      if (tag == DW_TAG_subprogram) break;
      place = place_of_call(die);
    }
    return functions;
  }

  // From the innermost function outwards, as the code lies (and not as the inlined functions were written).
  Scopes function_scopes(Dwarf_Die* unit, std::uint64_t address) const {
    const Scopes here = taken([&](Dwarf_Die** dies) { return dw_.dwarf_getscopes(unit, address, dies); });
    for (Dwarf_Die& die : here.all()) {
      const int tag = dw_.dwarf_tag(&die);
      if (tag == DW_TAG_inlined_subroutine || tag == DW_TAG_subprogram)
        return taken([&](Dwarf_Die** dies) { return dw_.dwarf_getscopes_die(&die, dies); });
    }
    return {};
  }
  template <class Take>
  static Scopes taken(const Take& take) {
    Dwarf_Die* dies = nullptr;
    const int count = take(&dies);
    return {std::unique_ptr<Dwarf_Die, Free>(dies), count};
  }

  // What no other file sees (in anonymous namespaces, say) has its whole name in the table of symbols alone, where the function
  // is one of its own.
  std::string name_of(Dwarf_Die& die, std::uint64_t address) const {
    Dwarf_Attribute attribute;
    const char* name = nullptr;
    if (dw_.dwarf_attr_integrate(&die, DW_AT_linkage_name, &attribute) != nullptr) name = dw_.dwarf_formstring(&attribute);
    if (name == nullptr && dw_.dwarf_tag(&die) == DW_TAG_subprogram) name = dw_.dwfl_module_addrname(module_, address);
    if (name == nullptr) name = dw_.dwarf_diename(&die);
    return name != nullptr ? boost::core::demangle(name) : "(a function without a name)";
  }

  std::string place_of(std::uint64_t address) const {
    Dwfl_Line* line = dw_.dwfl_module_getsrc(module_, address);
    int number = 0;
    const char* file = line != nullptr ? dw_.dwfl_lineinfo(line, nullptr, &number, nullptr, nullptr, nullptr) : nullptr;
    return file != nullptr ? fmt::format("{}:{}", file, number) : std::string("?");
  }

  std::string place_of_call(Dwarf_Die& inlined) const {
    Dwarf_Attribute attribute;
    Dwarf_Word file = 0;
    Dwarf_Word number = 0;
    Dwarf_Die unit;
    Dwarf_Files* files = nullptr;
    dw_.dwarf_formudata(dw_.dwarf_attr(&inlined, DW_AT_call_file, &attribute), &file);
    dw_.dwarf_formudata(dw_.dwarf_attr(&inlined, DW_AT_call_line, &attribute), &number);
    if (dw_.dwarf_diecu(&inlined, &unit, nullptr, nullptr) == nullptr || dw_.dwarf_getsrcfiles(&unit, &files, nullptr) != 0)
      return "?";
    const char* name = dw_.dwarf_filesrc(files, file, nullptr, nullptr);
    return name != nullptr ? fmt::format("{}:{}", name, number) : std::string("?");
  }

  const Dw& dw_;
  Dwfl* dwfl_ = nullptr;
  Dwfl_Module* module_ = nullptr;
};

// The files that a trace names, each opened once.
class Library {
 public:
  // Empty: nothing is known.
  std::vector<std::string> describe(const Frame& frame) {
    if (!is_loaded_ || (files_.size() >= kMostFiles && !files_.contains(frame.file))) return {};
    auto& symbols = files_[frame.file];
    if (symbols == nullptr) symbols = std::make_unique<Symbols>(dw_, frame.file);
    return symbols->describe(frame);
  }

 private:
  static constexpr std::size_t kMostFiles = 32;

  // It stays loaded: threads that have used it have storage of its own (thread_local), which must not go from under them.
  const std::unique_ptr<void, CloseLibrary> library_{::dlopen("libdw.so.1", RTLD_LAZY | RTLD_LOCAL | RTLD_NODELETE)};
  Dw dw_{};
  const bool is_loaded_ = library_ != nullptr && dw_.load(library_.get());
  std::map<std::string, std::unique_ptr<Symbols>> files_;
};

bool is_raw(std::string_view line) { return !line.starts_with('#') && (frame_in(line) || line.starts_with("0x")); }

std::vector<std::string> described(std::string_view line, Library& library) {
  const auto frame = frame_in(line);
  std::vector<std::string> functions;
  if (frame) functions = library.describe(*frame);
  if (functions.empty()) functions.emplace_back(line);
  return functions;
}

}  // namespace

std::string with_symbols(std::string_view trace) {
  constexpr std::size_t kMostFrames = 64;
  std::vector<std::string> lines;
  std::optional<Library> library;
  std::size_t frames = 0;
  int number = 0;
  while (!trace.empty()) {
    const std::string_view line = trace.substr(0, trace.find('\n'));
    trace.remove_prefix(std::min(line.size() + 1, trace.size()));
    if (!is_raw(line) || ++frames > kMostFrames) {
      lines.emplace_back(line);
      continue;
    }
    if (!library) library.emplace();
    for (const std::string& function : described(line, *library)) lines.push_back(fmt::format("#{:<3}{}", number++, function));
  }
  return fmt::format("{}", fmt::join(lines, "\n"));
}

}  // namespace troupe::platform
