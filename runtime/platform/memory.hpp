// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <boost/interprocess/interprocess_fwd.hpp>
#include <cstddef>
#include <memory>
#include <span>

#include "platform/handle.hpp"

namespace troupe::platform {

enum class Access { read_only, read_write };

// Anonymous shared memory (memfd): never named, gone with its last handle and mapping, whoever dies.
// Mapping is left to Mapping.
// Thread-safety: as a unique_ptr.
class SharedMemory {
 public:
  SharedMemory() = default;
  // Adopts a handle from another process: checks that it is a memfd, sealed against shrinking and growing, of exactly
  // `expected_bytes` rounded up to whole pages (0: any size). Errors: ProtocolError naming what was wrong.
  static SharedMemory adopt(Handle handle, std::size_t expected_bytes);
  // Makes memory of `bytes` (rounded up to pages), backed by real pages now, so that a later write cannot fail; sealed
  // against shrinking and growing. Errors: std::system_error whose text names `purpose` and the size wanted.
  static SharedMemory create(const char* purpose, std::size_t bytes);

  // Makes memory of `bytes` (rounded up to pages) without any pages: back() gives it some. Sealed against shrinking and
  // growing. Errors: std::system_error, also where RLIMIT_FSIZE forbids so much.
  static SharedMemory create_sparse(const char* purpose, std::size_t bytes);

  // Makes memory that holds these bytes, for others to read only. Errors: as create.
  static SharedMemory sealed_copy(const char* purpose, std::span<const std::byte> bytes);

  // Backs a range of whole pages with real ones, so that a later write cannot fail; what lies there stays. Blocks: as long
  // as the kernel clears them (0.1 ms/MiB). Errors: std::system_error that names the size; the kernel is not driven into
  // killing processes. Thread-safety: full.
  void back(std::size_t offset, std::size_t bytes) const;
  // Gives a range of whole pages back to the system; it reads as zeros.
  void discard(std::size_t offset, std::size_t bytes) const noexcept;

  // From here on nobody can map it writable any more; mappings that exist stay writable (F_SEAL_FUTURE_WRITE).
  void seal_against_new_writers();
  bool is_sealed_against_new_writers() const;

  std::size_t size_bytes() const { return size_bytes_; }
  // `bytes` rounded up to whole pages.
  static std::size_t in_pages(std::size_t bytes);
  // The largest memory that this process may make (RLIMIT_FSIZE).
  static std::size_t most_bytes();
  const Handle& handle() const { return handle_; }
  Handle take_handle() && { return std::move(handle_); }
  explicit operator bool() const { return static_cast<bool>(handle_); }

 private:
  Handle handle_;
  std::size_t size_bytes_ = 0;
};

// A piece of this process's address space over the whole of a SharedMemory. Outlives the handle.
// Thread-safety: the mapping's place is immutable; what lies in it has rules of its own.
class Mapping {
 public:
  Mapping() = default;
  // Errors: std::system_error (no address space, or writable access to memory sealed against writers).
  Mapping(const SharedMemory& memory, Access access);

  // Puts other memory of the same size in its place, at once: who looks meanwhile sees the one or the other.
  // Errors: std::system_error.
  void replace(const SharedMemory& memory, Access access);

  std::byte* data() const { return bytes_.data(); }
  std::size_t size_bytes() const { return bytes_.size(); }
  std::span<std::byte> bytes() const { return bytes_; }
  explicit operator bool() const { return region_ != nullptr; }

 private:
  // mapped_region's header would start code of its own in each file that includes this one.
  struct Unmap {
    void operator()(boost::interprocess::mapped_region* region) const noexcept;
  };
  std::unique_ptr<boost::interprocess::mapped_region, Unmap> region_;
  std::span<std::byte> bytes_;
};

}  // namespace troupe::platform
