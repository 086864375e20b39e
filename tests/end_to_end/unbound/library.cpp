// SPDX-License-Identifier: BSL-1.0
// A library with a function that calls one which is defined nowhere. Lazily bound programs can load it, and call the rest.
extern "C" int defined_nowhere();

int answer(bool asks_nobody) { return asks_nobody ? 42 : defined_nowhere(); }
