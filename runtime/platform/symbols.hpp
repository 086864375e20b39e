// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <string>
#include <string_view>

namespace troupe::platform {

// A trace as crash_trace.hpp has it, for people: each line "FILE+0xADDRESS" becomes
//   #2  Parser::next(Token&) at src/parser.cpp:112
// or "#2  function in FILE+0xADDRESS" where the file has no debug information, or keeps its line where it has no symbols;
// other lines stay. Reads the files and their debug information by libdw (elfutils), which is loaded for it and let go
// afterwards; without it ("install libdw1") the numbers remain. Blocks: for the files, tens of milliseconds for large ones;
// never for a network (DEBUGINFOD_URLS is not followed). Thread-safety: full.
std::string with_symbols(std::string_view trace);

}  // namespace troupe::platform
