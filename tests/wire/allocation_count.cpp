// SPDX-License-Identifier: BSL-1.0
#include "allocation_count.hpp"

#include <cstdlib>
#include <new>

namespace {

thread_local std::size_t allocated_bytes = 0;

}  // namespace

namespace troupe::test {

AllocationCount::AllocationCount() : start_(allocated_bytes) {}
std::size_t AllocationCount::bytes() const { return allocated_bytes - start_; }

}  // namespace troupe::test

void* operator new(std::size_t size) {
  allocated_bytes += size;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  allocated_bytes += size;
  return std::malloc(size);
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
