// SPDX-License-Identifier: BSL-1.0
// Nothing of its own: with it the headers are compiled that all tests share (CMakeLists.txt has the list).
