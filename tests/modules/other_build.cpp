// SPDX-License-Identifier: BSL-1.0
// A module of another version: nothing of it but its first word can be read.
extern "C" __attribute__((visibility("default"))) const void* troupe_module() {
  static const char* const table[] = {"troupe 0.0.7, compiled elsewhere", nullptr};
  return table;
}
