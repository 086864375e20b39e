// SPDX-License-Identifier: BSL-1.0
#include <execinfo.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <new>

#include "fault.hpp"

// This program's operator new counts, when it is told to, and throws once.
namespace troupe::campaigns {

namespace {

constexpr const char* kVariable = "TROUPE_CAMPAIGN_FAULT";  // role, number, path of the page
constexpr const char* kRoleVariable = "TROUPE_ROLE";        // the library's, gone when the role has been taken
constexpr std::size_t kMostPathBytes = 128;

// Plain words without constructors: operator new is called before main, too.
struct Armed {
  std::atomic<FaultPage*> page;  // null: nothing is to fail
  std::atomic<std::uint32_t> left;
  int pid;  // a process forked from this one is a host
  Role own;
  Role wanted;
  std::uint32_t number;
};
constinit Armed armed{};

void arm(FaultPage* page, Role own, Role wanted, std::uint32_t number) {
  armed.pid = ::getpid();
  armed.own = own;
  armed.wanted = wanted;
  armed.number = number;
  armed.left.store(number);
  armed.page.store(page);
}

// Null: it cannot be mapped; then nothing fails, which the campaign notices.
FaultPage* map_page(const char* path) {
  const int file = ::open(path, O_RDWR | O_CLOEXEC);
  if (file < 0) return nullptr;
  void* bytes = ::mmap(nullptr, sizeof(FaultPage), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  ::close(file);
  return bytes == MAP_FAILED ? nullptr : static_cast<FaultPage*>(bytes);
}

Role role_of(const char* text) {
  if (text == nullptr) return Role::client;
  return text[0] == 'm' ? Role::manager : text[0] == 'z' ? Role::zygote : Role::host;
}

void print_stack() noexcept {
  void* stack[32];
  ::backtrace_symbols_fd(stack, ::backtrace(stack, 32), STDERR_FILENO);
}

bool is_to_fail() noexcept {
  FaultPage* page = armed.page.load(std::memory_order_relaxed);
  if (page == nullptr) return false;
  if (armed.pid != ::getpid()) arm(page, Role::host, armed.wanted, armed.number);
  if (armed.own != armed.wanted || armed.left.fetch_sub(1) != 1) return false;
  if (page->is_over.load() != 0 || page->has_failed.exchange(1) != 0) return false;  // in one process only
  if (std::getenv("TROUPE_CAMPAIGN_WHERE") != nullptr) print_stack();
  return true;
}

// Null: there is none, or there shall be none.
void* allocate_or_null(std::size_t bytes, std::size_t alignment) noexcept {
  if (is_to_fail()) return nullptr;
  const std::size_t rounded = (bytes + alignment - 1) / alignment * alignment;
  return alignment <= alignof(std::max_align_t) ? std::malloc(bytes) : std::aligned_alloc(alignment, rounded);
}

void* allocate(std::size_t bytes, std::size_t alignment) {
  void* place = allocate_or_null(bytes, alignment);
  if (place == nullptr) throw std::bad_alloc();
  return place;
}

}  // namespace

AllocationFault::AllocationFault(const std::string& page_path, const Fault& fault) {
  char order[kMostPathBytes];
  std::snprintf(order, sizeof order, "%d %u %s", static_cast<int>(fault.role), fault.number, page_path.c_str());
  ::setenv(kVariable, order, 1);
  arm(map_page(page_path.c_str()), Role::client, fault.role, fault.number);
}

AllocationFault::~AllocationFault() {
  FaultPage* page = armed.page.exchange(nullptr);
  if (page != nullptr) ::munmap(page, sizeof(FaultPage));
  ::unsetenv(kVariable);
}

void AllocationFault::inherit() noexcept {
  const char* order = std::getenv(kVariable);
  const char* own = std::getenv(kRoleVariable);
  int role = 0;
  unsigned number = 0;
  char path[kMostPathBytes];
  if (order == nullptr || own == nullptr || std::sscanf(order, "%d %u %127s", &role, &number, path) != 3) return;
  if (FaultPage* page = map_page(path)) arm(page, role_of(own), static_cast<Role>(role), number);
}

}  // namespace troupe::campaigns

void* operator new(std::size_t bytes) { return troupe::campaigns::allocate(bytes, 1); }
void* operator new(std::size_t bytes, std::align_val_t alignment) {
  return troupe::campaigns::allocate(bytes, static_cast<std::size_t>(alignment));
}
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept { return troupe::campaigns::allocate_or_null(bytes, 1); }
void* operator new(std::size_t bytes, std::align_val_t alignment, const std::nothrow_t&) noexcept {
  return troupe::campaigns::allocate_or_null(bytes, static_cast<std::size_t>(alignment));
}
void operator delete(void* place) noexcept { std::free(place); }
void operator delete(void* place, const std::nothrow_t&) noexcept { std::free(place); }
void operator delete(void* place, std::size_t) noexcept { std::free(place); }
void operator delete(void* place, std::align_val_t) noexcept { std::free(place); }
void operator delete(void* place, std::align_val_t, const std::nothrow_t&) noexcept { std::free(place); }
void operator delete(void* place, std::size_t, std::align_val_t) noexcept { std::free(place); }
