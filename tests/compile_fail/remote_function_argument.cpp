// SPDX-License-Identifier: BSL-1.0
// expect: troupe: an argument does not convert to the method
// expect: convert it first, as for a call in this process
#include <troupe/troupe.hpp>

void use(const troupe::RemoteFunction<int(int)>& function) { function(std::string("one")); }
