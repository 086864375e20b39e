// SPDX-License-Identifier: BSL-1.0
#include "manager/captured_output.hpp"

#include <string_view>
#include <utility>

namespace troupe::manager {

namespace {

constexpr std::size_t kTurnBytes = 16 * 1024;
constexpr int kMostTurnsAtEnd = 64;  // a pipe's 64 KiB take five

}  // namespace

CapturedOutput::CapturedOutput(Loop& loop, OnLines on_lines) : on_lines_(std::move(on_lines)) {
  for (const OutputStream which : {OutputStream::out, OutputStream::err}) {
    stream(which).watch = std::make_unique<HandleWatch>(loop, stream(which).reader.get(), [this, which] {
      if (read(which).is_ended) stream(which).watch.reset();
    });
  }
}

std::array<int, 4> CapturedOutput::handles() const {
  const auto& [out, err] = streams_;
  return {out.pipe.reader.get(), out.pipe.writer.get(), err.pipe.reader.get(), err.pipe.writer.get()};
}

void CapturedOutput::release_handles() {
  for (Stream& each : streams_) each.pipe = {};
}

platform::OutputRead CapturedOutput::read(OutputStream which) {
  std::array<char, kTurnBytes> buffer;
  const auto got = platform::read_output(stream(which).reader, buffer);
  if (got.bytes != 0) hand_on(which, stream(which).lines.add({buffer.data(), got.bytes}));
  return got;
}

void CapturedOutput::finish() {
  for (const OutputStream which : {OutputStream::out, OutputStream::err}) {
    stream(which).watch.reset();
    for (int i = 0; i < kMostTurnsAtEnd && read(which).bytes != 0; ++i) continue;
    stream(which).reader.reset();
    if (std::string last = stream(which).lines.rest(); !last.empty()) hand_on(which, {std::move(last)});
  }
}

void CapturedOutput::hand_on(OutputStream which, std::vector<std::string> lines) {
  if (lines.empty()) return;
  if (which == OutputStream::err) {
    for (const std::string& line : lines) tail_.add(line);
  }
  on_lines_(which, std::move(lines));
}

}  // namespace troupe::manager
