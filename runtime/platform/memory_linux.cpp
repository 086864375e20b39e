// SPDX-License-Identifier: BSL-1.0
#include "platform/memory.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <troupe/error.hpp>

#include <atomic>
#include <boost/interprocess/exceptions.hpp>
#include <boost/interprocess/mapped_region.hpp>
#include <cerrno>
#include <cstdint>
#include <cstring>

#include "platform/memory_headroom.hpp"
#include "platform/os_error.hpp"

namespace troupe::platform {
namespace {

constexpr unsigned kNeverExecutable = 8;  // MFD_NOEXEC_SEAL, Linux 6.3; some systems demand it
constexpr unsigned kSizeSeals = F_SEAL_SHRINK | F_SEAL_GROW;

int open_memfd(const char* name) {
  static std::atomic<unsigned> flags{MFD_CLOEXEC | MFD_ALLOW_SEALING | kNeverExecutable};
  const int descriptor = ::memfd_create(name, flags.load(std::memory_order_relaxed));
  if (descriptor >= 0 || errno != EINVAL) return descriptor;
  flags.store(MFD_CLOEXEC | MFD_ALLOW_SEALING, std::memory_order_relaxed);
  return ::memfd_create(name, flags.load(std::memory_order_relaxed));
}

// Small memories are not worth the question: their number is limited elsewhere.
constexpr std::size_t kSmallBytes = 1 << 20;

// ENOMEM where the kernel would not say so: it would go on, and kill processes to make room.
bool has_room(std::size_t bytes) {
  if (bytes <= kSmallBytes || bytes <= memory_headroom_bytes()) return true;
  errno = ENOMEM;
  return false;
}

// fallocate of much memory can be interrupted, and goes on where it stopped.
bool back_with_pages(int descriptor, std::size_t offset, std::size_t bytes) {
  while (::fallocate(descriptor, 0, static_cast<off_t>(offset), static_cast<off_t>(bytes)) != 0) {
    if (errno != EINTR) return false;
  }
  return true;
}

// Past the limit the kernel would send SIGXFSZ, which ends the process.
bool set_size(int descriptor, std::size_t bytes) {
  if (bytes <= SharedMemory::most_bytes()) return ::ftruncate(descriptor, static_cast<off_t>(bytes)) == 0;
  errno = EFBIG;
  return false;
}

bool seal(int descriptor, unsigned seals) { return ::fcntl(descriptor, F_ADD_SEALS, seals) == 0; }

[[noreturn]] void refuse(int error, const char* purpose, std::size_t bytes) {
  throw_os_error(error, fmt::format("shared memory for {} ({} bytes)", purpose, bytes));
}

// What is wrong with memory that another process sent; empty: nothing.
std::string fault_of(int descriptor, std::size_t expected_bytes, std::size_t& size_bytes) {
  const int seals = ::fcntl(descriptor, F_GET_SEALS);
  if (seals < 0) return "it is no anonymous memory";
  if ((static_cast<unsigned>(seals) & kSizeSeals) != kSizeSeals) return "it is not sealed against shrinking and growing";
  struct stat status {};
  if (::fstat(descriptor, &status) != 0) return os_reason(errno);
  size_bytes = static_cast<std::size_t>(status.st_size);
  if (size_bytes == 0) return "it is empty";
  if (expected_bytes != 0 && size_bytes != SharedMemory::in_pages(expected_bytes)) {
    return fmt::format("it has {} bytes, not {}", size_bytes, SharedMemory::in_pages(expected_bytes));
  }
  return {};
}

// What Boost.Interprocess calls a memory mappable.
struct Mappable {
  int descriptor;
  boost::interprocess::mapping_handle_t get_mapping_handle() const { return {.handle = descriptor, .is_xsi = false}; }
};

}  // namespace

SharedMemory SharedMemory::adopt(Handle handle, std::size_t expected_bytes) {
  SharedMemory memory;
  const std::string fault = fault_of(handle.get(), expected_bytes, memory.size_bytes_);
  if (!fault.empty()) throw ProtocolError("shared memory from another process was refused: " + fault);
  memory.handle_ = std::move(handle);
  return memory;
}

SharedMemory SharedMemory::create(const char* purpose, std::size_t bytes) {
  SharedMemory memory;
  memory.size_bytes_ = in_pages(bytes);
  const bool is_open = has_room(bytes) && (memory.handle_ = Handle(open_memfd(purpose)));
  const int descriptor = memory.handle_.get();
  const bool is_made = is_open && set_size(descriptor, memory.size_bytes_) &&
                       back_with_pages(descriptor, 0, memory.size_bytes_) && seal(descriptor, kSizeSeals);
  if (!is_made) refuse(errno, purpose, bytes);
  return memory;
}

SharedMemory SharedMemory::create_sparse(const char* purpose, std::size_t bytes) {
  SharedMemory memory;
  memory.size_bytes_ = in_pages(bytes);
  memory.handle_ = Handle(open_memfd(purpose));
  const int descriptor = memory.handle_.get();
  if (!memory.handle_ || !set_size(descriptor, memory.size_bytes_) || !seal(descriptor, kSizeSeals))
    refuse(errno, purpose, bytes);
  return memory;
}

SharedMemory SharedMemory::sealed_copy(const char* purpose, std::span<const std::byte> bytes) {
  SharedMemory memory = create(purpose, bytes.size());
  const Mapping mapping(memory, Access::read_write);
  std::memcpy(mapping.data(), bytes.data(), bytes.size());
  memory.seal_against_new_writers();
  return memory;
}

void SharedMemory::back(std::size_t offset, std::size_t bytes) const {
  if (!has_room(bytes) || !back_with_pages(handle_.get(), offset, bytes))
    throw_os_error(errno, fmt::format("{} bytes of shared memory", bytes));
}

void SharedMemory::discard(std::size_t offset, std::size_t bytes) const noexcept {
  ::fallocate(handle_.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, static_cast<off_t>(offset), static_cast<off_t>(bytes));
}

std::size_t SharedMemory::in_pages(std::size_t bytes) {
  const std::size_t page = boost::interprocess::mapped_region::get_page_size();
  return (bytes + page - 1) / page * page;
}

std::size_t SharedMemory::most_bytes() {
  rlimit limit{};
  return ::getrlimit(RLIMIT_FSIZE, &limit) == 0 ? limit.rlim_cur : SIZE_MAX;
}

void SharedMemory::seal_against_new_writers() {
  if (::fcntl(handle_.get(), F_ADD_SEALS, F_SEAL_FUTURE_WRITE) != 0)
    throw_os_error(errno, "sealing shared memory against writers");
}

bool SharedMemory::is_sealed_against_new_writers() const {
  const int seals = ::fcntl(handle_.get(), F_GET_SEALS);
  return seals >= 0 && (static_cast<unsigned>(seals) & (F_SEAL_FUTURE_WRITE | F_SEAL_WRITE)) != 0;
}

// Pages are mapped when they are touched: mapping all of them at once would double the time that a new channel takes.
Mapping::Mapping(const SharedMemory& memory, Access access) try
    : region_(new boost::interprocess::mapped_region(
          Mappable{memory.handle().get()},
          access == Access::read_only ? boost::interprocess::read_only : boost::interprocess::read_write, 0,
          memory.size_bytes())),
      bytes_(static_cast<std::byte*>(region_->get_address()), region_->get_size()) {
} catch (const boost::interprocess::interprocess_exception& failure) {
  throw_os_error(failure.get_native_error(), fmt::format("mapping {} bytes of shared memory", memory.size_bytes()));
}

void Mapping::replace(const SharedMemory& memory, Access access) {
  const int protection = access == Access::read_only ? PROT_READ : PROT_READ | PROT_WRITE;
  if (memory.size_bytes() != size_bytes()) throw_os_error(EINVAL, "replacing shared memory by some of another size");
  // Elsewhere first: there it may fail without leaving a hole here.
  void* elsewhere = ::mmap(nullptr, size_bytes(), protection, MAP_SHARED, memory.handle().get(), 0);
  int error = elsewhere == MAP_FAILED ? errno : 0;
  if (error == 0 && ::mremap(elsewhere, size_bytes(), size_bytes(), MREMAP_MAYMOVE | MREMAP_FIXED, data()) == MAP_FAILED) {
    error = errno;
    ::munmap(elsewhere, size_bytes());
  }
  if (error != 0) throw_os_error(error, fmt::format("mapping {} bytes of shared memory", memory.size_bytes()));
}

void Mapping::Unmap::operator()(boost::interprocess::mapped_region* region) const noexcept { delete region; }

}  // namespace troupe::platform
