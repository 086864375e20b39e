// SPDX-License-Identifier: BSL-1.0
#include "platform/life_page.hpp"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <troupe/error.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <mutex>
#include <new>
#include <stdexcept>
#include <type_traits>
#include <vector>

#include "platform/os_error.hpp"

// A life word is a robust futex that its thread never lets go. The thread tells the kernel the head of a list of nodes,
// and one distance from any node to its futex word; when the thread dies, the kernel walks the list, and in each word
// that holds the thread's id it sets the bit FUTEX_OWNER_DIED and wakes one waiter. So that the distance is the same for
// all, the nodes lie at the stride of the words; so that no peer can lead the kernel astray, they lie in private memory.
// See Documentation/locking/robust-futex-ABI.rst in the kernel's sources.
// While a node is "pending" the kernel looks at its word, linked or not, and wakes even when the word is 0 already: so
// raising and retiring are safe against death at every instruction.
namespace troupe::platform {
namespace {

constexpr std::size_t kTraceOffset = 4096;
constexpr std::size_t kWordsOffset = kTraceOffset - kLifeWordCount * kLifeWordStride;
static_assert(std::is_trivially_destructible_v<LifeStatus> && sizeof(LifeStatus) <= kWordsOffset);
static_assert(sizeof(robust_list) == kLifeWordStride);
static_assert(kLifeWordCount < ROBUST_LIST_LIMIT);

FutexWord& word_in(const Mapping& mapping, unsigned index) {
  return *reinterpret_cast<FutexWord*>(mapping.data() + kWordsOffset + index * kLifeWordStride);
}

// The kernel reads the list in the thread's own context, whichever instruction the thread died at: what counts is that
// the compiler keeps the order of the stores.
void set_link(robust_list*& link, robust_list* target) {
  std::atomic_signal_fence(std::memory_order_seq_cst);
  std::atomic_ref(link).store(target, std::memory_order_relaxed);
  std::atomic_signal_fence(std::memory_order_seq_cst);
}

}  // namespace

struct LifePage::State {
  SharedMemory memory = SharedMemory::create("a life page", kLifePageBytes);
  Mapping mapping{memory, Access::read_write};
  LifeStatus* status = new (mapping.data()) LifeStatus;
  CrashTrace* trace = new (mapping.data() + kTraceOffset) CrashTrace;
  std::array<robust_list, kLifeWordCount> nodes{};
  robust_list_head head{};
  std::vector<unsigned> free_indexes;
  std::atomic<bool> must_fall{false};
  const int pid = ::getpid();
  int thread_id = 0;  // of the owner; 0: none yet
  robust_list_head* former_head = nullptr;

  FutexWord& word(unsigned index) const { return word_in(mapping, index); }

  void link(unsigned index) {
    nodes[index].next = head.list.next;
    set_link(head.list.next, &nodes[index]);
  }

  void unlink(unsigned index) {
    robust_list* before = &head.list;
    while (before->next != &nodes[index]) before = before->next;
    set_link(before->next, nodes[index].next);
  }

  // The thread's id stays in the word: should the process be killed before the wake-up, the kernel wakes.
  void fall(unsigned index) const {
    FutexWord& fallen = word(index);
    std::uint32_t value = fallen.load(std::memory_order_acquire);
    while (!is_fallen(value) && !fallen.compare_exchange_weak(value, value | FUTEX_OWNER_DIED)) continue;
    if (value != 0) futex_wake(fallen, INT_MAX, FutexScope::shared);
  }
};

namespace {

// The calling thread's.
robust_list_head* current_list() {
  robust_list_head* head = nullptr;
  std::size_t bytes = 0;
  ::syscall(SYS_get_robust_list, 0, &head, &bytes);
  return head;
}

// The kernel will read a thread's list when the thread ends, so what it lies in stays for ever when the owner may still run.
template <class State>
void keep_for_ever(std::unique_ptr<State> state) {
  state->memory = SharedMemory();  // the mapping is enough
  static std::mutex mutex;
  static auto& kept = *new std::vector<std::unique_ptr<State>>;
  const std::lock_guard lock(mutex);
  kept.push_back(std::move(state));
}

}  // namespace

LifePage::LifePage() : state_(std::make_unique<State>()) {
  state_->memory.seal_against_new_writers();
  state_->head.list.next = &state_->head.list;
  state_->head.futex_offset = reinterpret_cast<char*>(&state_->word(0)) - reinterpret_cast<char*>(state_->nodes.data());
  for (unsigned index = kLifeWordCount; index > 0; --index) state_->free_indexes.push_back(index - 1);
}

LifePage::~LifePage() {
  if (state_->thread_id == 0 || state_->pid != ::getpid()) return;
  fall_all();
  if (current_list() == &state_->head) {
    ::syscall(SYS_set_robust_list, state_->former_head, sizeof(robust_list_head));
  } else {
    keep_for_ever(std::move(state_));
  }
}

void LifePage::own_by_this_thread() {
  if (state_->thread_id != 0) throw std::logic_error("a life page has one owner");
  state_->former_head = current_list();
  if (::syscall(SYS_set_robust_list, &state_->head, sizeof(robust_list_head)) != 0) throw_os_error(errno, "set_robust_list");
  state_->thread_id = ::gettid();
}

std::optional<unsigned> LifePage::raise_word() {
  if (state_->thread_id != ::gettid()) throw std::logic_error("a life word is raised by the thread that owns the page");
  if (state_->free_indexes.empty()) return std::nullopt;
  const unsigned index = state_->free_indexes.back();
  state_->free_indexes.pop_back();
  set_link(state_->head.list_op_pending, &state_->nodes[index]);
  state_->word(index).store(static_cast<std::uint32_t>(state_->thread_id) | FUTEX_WAITERS);
  state_->link(index);
  set_link(state_->head.list_op_pending, nullptr);
  if (state_->must_fall.load()) state_->fall(index);  // one of the two sees the other: fall_all stores, then looks at the words
  return index;
}

void LifePage::retire_word(unsigned index) {
  robust_list* node = &state_->nodes[index];
  set_link(state_->head.list_op_pending, node);
  state_->unlink(index);
  state_->word(index).store(0);
  futex_wake(state_->word(index), INT_MAX, FutexScope::shared);
  set_link(state_->head.list_op_pending, nullptr);
  state_->free_indexes.push_back(index);
}

// In a child that user code forked the page is still mapped, but it tells of the parent's life.
void LifePage::fall_all() noexcept {
  if (state_->pid != ::getpid()) return;
  const int error = errno;
  state_->must_fall.store(true);
  for (unsigned index = 0; index < kLifeWordCount; ++index) state_->fall(index);
  errno = error;
}

LifeStatus& LifePage::status() { return *state_->status; }

CrashTrace& LifePage::crash_trace() { return *state_->trace; }

const SharedMemory& LifePage::memory() const { return state_->memory; }

LifeView::LifeView(const SharedMemory& memory) {
  if (memory.size_bytes() != kLifePageBytes || !memory.is_sealed_against_new_writers()) {
    throw ProtocolError("what another process sent as its life page is none");
  }
  mapping_ = std::make_shared<const Mapping>(memory, Access::read_only);
}

const FutexWord& LifeView::word(unsigned index) const { return word_in(*mapping_, index); }

const LifeStatus& LifeView::status() const { return *reinterpret_cast<const LifeStatus*>(mapping_->data()); }

namespace {

const CrashTrace& trace_in(const Mapping& mapping) { return *reinterpret_cast<const CrashTrace*>(mapping.data() + kTraceOffset); }

// Bytes past ASCII are parts of UTF-8.
bool is_control(char each) { return each != '\n' && (static_cast<unsigned char>(each) < ' ' || each == 0x7f); }

template <std::size_t kSize>
std::string printable(const std::array<char, kSize>& characters, std::size_t count) {
  std::string text(characters.data(), std::min(count, kSize));
  std::replace_if(text.begin(), text.end(), is_control, '?');
  return text;
}

}  // namespace

std::string LifeView::crash_trace() const {
  const CrashTrace& trace = trace_in(*mapping_);
  return printable(trace.text, trace.bytes.load(std::memory_order_acquire));
}

// Nobody writes another one before it is asked again; but for a crash, whose report is another.
std::optional<std::string> LifeView::stack_after(std::uint32_t count) const {
  if (status().stack_count.load(std::memory_order_acquire) == count) return std::nullopt;
  return crash_trace();
}

std::string LifeView::last_words() const {
  const CrashTrace& trace = trace_in(*mapping_);
  return printable(trace.words, trace.word_bytes.load(std::memory_order_acquire));
}

std::string LifeView::directory() const {
  const auto& directory = trace_in(*mapping_).directory;
  const auto end = std::find(directory.begin(), directory.end(), '\0');
  return printable(directory, static_cast<std::size_t>(end - directory.begin()));
}

bool LifeView::lacked_memory() const { return trace_in(*mapping_).lacked_memory.load(std::memory_order_acquire) == 1; }

bool LifeView::had_no_memory() const { return trace_in(*mapping_).had_no_memory.load(std::memory_order_acquire) == 1; }

}  // namespace troupe::platform
