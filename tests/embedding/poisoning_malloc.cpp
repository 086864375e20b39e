// SPDX-License-Identifier: BSL-1.0
// A malloc to be preloaded: memory comes full of rubbish, and is full of rubbish when it has been given back.
#include <malloc.h>

#include <cstddef>
#include <cstring>

extern "C" {

void* __libc_malloc(std::size_t);
void* __libc_realloc(void*, std::size_t);
void __libc_free(void*);

void* malloc(std::size_t bytes) {
  void* memory = __libc_malloc(bytes);
  if (memory != nullptr) std::memset(memory, 0xa5, bytes);
  return memory;
}

void* realloc(void* memory, std::size_t bytes) { return __libc_realloc(memory, bytes); }

void free(void* memory) {
  if (memory != nullptr) std::memset(memory, 0x5a, ::malloc_usable_size(memory));
  __libc_free(memory);
}
}
