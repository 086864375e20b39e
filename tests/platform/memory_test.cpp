// SPDX-License-Identifier: BSL-1.0
#include "platform/memory.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <troupe/error.hpp>

#include <csignal>
#include <cstring>
#include <system_error>

#include "platform/memory_headroom.hpp"
#include "support.hpp"

namespace troupe::platform::testing {
namespace {

Handle unsealed_memory(std::size_t bytes) {
  Handle handle(::memfd_create("unsealed", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  EXPECT_EQ(::ftruncate(handle.get(), static_cast<off_t>(bytes)), 0);
  return handle;
}

std::string text_of_refusal(Handle handle, std::size_t expected_bytes) {
  try {
    SharedMemory::adopt(std::move(handle), expected_bytes);
    return "(adopted)";
  } catch (const ProtocolError& error) {
    return error.what();
  }
}

TEST(SharedMemory, IsRoundedUpToPagesAndBacked) {
  const auto memory = SharedMemory::create("a test", 5000);
  EXPECT_EQ(memory.size_bytes(), 8192U);
  struct stat status {};
  ASSERT_EQ(::fstat(memory.handle().get(), &status), 0);
  EXPECT_EQ(status.st_size, 8192);
  EXPECT_EQ(status.st_blocks * 512, 8192);
}

TEST(SharedMemory, CannotShrinkOrGrow) {
  const auto memory = SharedMemory::create("a test", 4096);
  EXPECT_EQ(::ftruncate(memory.handle().get(), 0), -1);
  EXPECT_EQ(::ftruncate(memory.handle().get(), 8192), -1);
}

TEST(SharedMemory, ReadsAsItWasWrittenThroughAnotherMapping) {
  const auto memory = SharedMemory::create("a test", 4096);
  const auto same = SharedMemory::adopt(memory.handle().duplicate(), 4096);
  const Mapping writer(memory, Access::read_write);
  const Mapping reader(same, Access::read_only);
  std::memcpy(writer.data() + 100, "hello", 5);
  EXPECT_EQ(std::memcmp(reader.data() + 100, "hello", 5), 0);
}

TEST(SharedMemory, MappingOutlivesTheHandle) {
  auto memory = SharedMemory::create("a test", 4096);
  const Mapping mapping(memory, Access::read_write);
  memory = SharedMemory();
  mapping.data()[4095] = std::byte{1};
  EXPECT_EQ(mapping.bytes()[4095], std::byte{1});
}

// Memory has no limit but the machine's, and past that the kernel kills processes instead of refusing. So whatever asks
// for too much here does it in a child whose files may not grow past a mebibyte, should our own refusal ever be missing.
template <class Body>
void run_without_room(Body body) {
  const ForkedChild child([body](ControlSocket&) {
    constexpr rlimit kOneMebibyte{1 << 20, 1 << 20};
    ::signal(SIGXFSZ, SIG_IGN);
    if (::setrlimit(RLIMIT_FSIZE, &kOneMebibyte) == 0) body();
    return ::testing::Test::HasFailure() ? 1 : 0;
  });
  EXPECT_EQ(child.end(), ExitStatus{});
}

std::system_error failure_to_create(std::size_t bytes) {
  try {
    SharedMemory::create("a huge test", bytes);
  } catch (const std::system_error& error) {
    return error;
  }
  ADD_FAILURE() << bytes << " bytes were made";
  return std::system_error(std::error_code());
}

TEST(SharedMemory, WhenItCannotBeMadeTheErrorNamesPurposeAndSize) {
  run_without_room([] {
    const std::string text = failure_to_create(2 << 20).what();
    EXPECT_NE(text.find("a huge test"), std::string::npos) << text;
    EXPECT_NE(text.find("2097152"), std::string::npos) << text;
  });
}

TEST(SharedMemory, RefusesMoreThanTheMachineHasBeforeItTakesAny) {
  run_without_room([] {
    const auto before = open_handle_count();
    EXPECT_EQ(failure_to_create(2 * memory_headroom_bytes()).code(), std::errc::not_enough_memory);
    EXPECT_EQ(failure_to_create(std::size_t{1} << 62).code(), std::errc::not_enough_memory);
    EXPECT_EQ(open_handle_count(), before);
  });
}

TEST(MemoryHeadroom, IsAtMostWhatTheMachineHas) {
  const auto machine_bytes =
      static_cast<std::size_t>(::sysconf(_SC_PHYS_PAGES)) * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  EXPECT_GT(memory_headroom_bytes(), 0U);
  EXPECT_LE(memory_headroom_bytes(), machine_bytes);
}

TEST(SharedMemory, RefusesWhatIsNotSealed) {
  EXPECT_NE(text_of_refusal(unsealed_memory(4096), 4096).find("not sealed"), std::string::npos);
}

TEST(SharedMemory, RefusesAnotherSize) {
  EXPECT_NE(text_of_refusal(SharedMemory::create("a test", 4096).handle().duplicate(), 8192).find("4096 bytes, not 8192"),
            std::string::npos);
}

TEST(SharedMemory, RefusesWhatIsNoMemory) {
  EXPECT_NE(text_of_refusal(Handle(::open("/dev/null", O_RDWR | O_CLOEXEC)), 0).find("no anonymous memory"), std::string::npos);
  EXPECT_NE(text_of_refusal(Handle(), 0).find("no anonymous memory"), std::string::npos);
}

TEST(SharedMemory, RefusalClosesTheHandle) {
  const auto before = open_handle_count();
  text_of_refusal(unsealed_memory(4096), 4096);
  EXPECT_EQ(open_handle_count(), before);
}

TEST(SealedMemory, StaysWritableForItsWriterAndForNobodyElse) {
  auto memory = SharedMemory::create("a test", 4096);
  EXPECT_FALSE(memory.is_sealed_against_new_writers());
  const Mapping writer(memory, Access::read_write);
  memory.seal_against_new_writers();
  EXPECT_TRUE(memory.is_sealed_against_new_writers());
  writer.data()[0] = std::byte{42};
  EXPECT_THROW(Mapping(memory, Access::read_write), std::system_error);
  EXPECT_EQ(Mapping(memory, Access::read_only).data()[0], std::byte{42});
}

TEST(SealedMemory, AReadersMappingCannotBeMadeWritable) {
  auto memory = SharedMemory::create("a test", 4096);
  memory.seal_against_new_writers();
  const Mapping reader(memory, Access::read_only);
  EXPECT_EQ(::mprotect(reader.data(), 4096, PROT_READ | PROT_WRITE), -1);
}

TEST(SealedMemory, CannotBeWrittenThroughItsHandleOrAnotherOne) {
  auto memory = SharedMemory::create("a test", 4096);
  memory.seal_against_new_writers();
  const Handle reopened(::open(fmt::format("/proc/self/fd/{}", memory.handle().get()).c_str(), O_RDWR | O_CLOEXEC));
  ASSERT_TRUE(reopened);
  EXPECT_EQ(::pwrite(memory.handle().get(), "x", 1, 0), -1);
  EXPECT_EQ(::pwrite(reopened.get(), "x", 1, 0), -1);
  EXPECT_EQ(::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, reopened.get(), 0), MAP_FAILED);
}

}  // namespace
}  // namespace troupe::platform::testing
