// SPDX-License-Identifier: BSL-1.0
#include "platform/executable.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <troupe/error.hpp>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>

namespace troupe::platform::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

const LoadedModule* module_at(const std::vector<LoadedModule>& modules, const void* address) {
  const auto wanted = reinterpret_cast<std::uintptr_t>(address);
  const auto found =
      std::find_if(modules.begin(), modules.end(), [wanted](const auto& m) { return m.begin <= wanted && wanted < m.end; });
  return found == modules.end() ? nullptr : &*found;
}

TEST(LoadedModules, BeginWithTheExecutableUnderItsRealPath) {
  const auto modules = loaded_modules();
  ASSERT_FALSE(modules.empty());
  EXPECT_EQ(modules[0].path, std::filesystem::read_symlink("/proc/self/exe").string());
  EXPECT_EQ(module_at(modules, reinterpret_cast<const void*>(&module_at)), &modules[0]);
}

TEST(LoadedModules, IncludeTheSharedLibraries) {
  const auto modules = loaded_modules();
  const LoadedModule* libc = module_at(modules, stdout);
  ASSERT_NE(libc, nullptr);
  EXPECT_NE(libc->path.find("libc.so"), std::string::npos) << libc->path;
}

TEST(LoadedModules, HaveTheirBuildIds) {
  const auto modules = loaded_modules();
  for (const auto& module : modules) {
    EXPECT_TRUE(module.build_id.empty() || module.build_id.size() == 40) << module.path << ' ' << module.build_id;
    EXPECT_EQ(module.build_id.find_first_not_of("0123456789abcdef"), std::string::npos) << module.build_id;
  }
  EXPECT_TRUE(std::any_of(modules.begin(), modules.end(), [](const auto& module) { return !module.build_id.empty(); }));
}

TEST(OwnExecutable, IsOpenedAsTheFileThatRuns) {
  const Handle file = open_own_executable();
  struct stat opened {};
  struct stat running {};
  ASSERT_EQ(::fstat(file.get(), &opened), 0);
  ASSERT_EQ(::stat("/proc/self/exe", &running), 0);
  EXPECT_EQ(opened.st_ino, running.st_ino);
  EXPECT_EQ(::fcntl(file.get(), F_GETFD), FD_CLOEXEC);
}

std::string reason_not_to_load(const std::string& path) try {
  return load_module(path).path + " was loaded";
} catch (const StartError& error) {
  return error.what();
}

TEST(BuildIdOfAFile, IsThatOfTheProcessThatRunsIt) {
  EXPECT_EQ(build_id_of(open_own_executable()), loaded_modules()[0].build_id);
  EXPECT_NE(build_id_of(open_own_executable()), "");
}

TEST(BuildIdOfAFile, IsEmptyForWhatIsNoProgram) {
  EXPECT_EQ(build_id_of(Handle(::open(__FILE__, O_RDONLY | O_CLOEXEC))), "");
  EXPECT_EQ(build_id_of(Handle(::open("/dev/null", O_RDONLY | O_CLOEXEC))), "");
}

TEST(OpenExecutable, NamesWhatIsNotThereOrCannotBeExecuted) {
  EXPECT_TRUE(open_executable(own_executable_path()));
  EXPECT_THROW(open_executable("/nowhere/actor-host"), std::system_error);
  EXPECT_THROW(open_executable("/etc/passwd"), std::system_error);
}

TEST(LoadModule, RunsInitialisersAndSaysWhereItIs) {
  const LoadedModule module = load_module(TROUPE_TEST_COMPLETE_MODULE);
  EXPECT_EQ(module.path, TROUPE_TEST_COMPLETE_MODULE);
  EXPECT_STREQ(std::getenv("TROUPE_TEST_MODULE_INITIALISED"), "yes");
  EXPECT_NE(module.build_id, loaded_modules()[0].build_id);
  EXPECT_EQ(load_module(TROUPE_TEST_COMPLETE_MODULE).begin, module.begin);
}

TEST(LoadModule, TellsInTheLoadersWordsWhyItCannotBe) {
  EXPECT_THAT(reason_not_to_load("/nowhere/libcounter.so"),
              AllOf(HasSubstr("/nowhere/libcounter.so"), HasSubstr("No such file")));
  EXPECT_THAT(reason_not_to_load("/etc/passwd"), HasSubstr("/etc/passwd: "));
  EXPECT_THAT(reason_not_to_load(TROUPE_TEST_INCOMPLETE_MODULE), HasSubstr("undefined symbol: troupe_test_defined_nowhere"));
}

}  // namespace
}  // namespace troupe::platform::testing
