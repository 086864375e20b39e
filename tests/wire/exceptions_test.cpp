// SPDX-License-Identifier: BSL-1.0
#include <gmock/gmock.h>
#include <troupe/error.hpp>

#include <any>
#include <cstddef>
#include <exception>
#include <filesystem>
#include <fstream>
#include <functional>
#include <future>
#include <ios>
#include <memory>
#include <new>
#include <optional>
#include <regex>
#include <span>
#include <stdexcept>
#include <string>
#include <system_error>
#include <type_traits>
#include <utility>
#include <variant>

#include "crossed.hpp"
#include "wire/exceptions.hpp"

namespace troupe::test {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

std::exception_ptr thrown_by(const std::function<void()>& code) {
  try {
    code();
  } catch (...) {
    return std::current_exception();
  }
  return nullptr;
}

template <class E>
E made() {
  if constexpr (std::is_constructible_v<E, const char*>) {
    return E("the text");
  } else {
    return E();
  }
}

template <class E>
struct StdException : testing::Test {};

using StdExceptions = testing::Types<std::logic_error, std::invalid_argument, std::domain_error, std::length_error,
                                     std::out_of_range, std::runtime_error, std::range_error, std::overflow_error,
                                     std::underflow_error, std::exception, std::bad_alloc, std::bad_array_new_length,
                                     std::bad_cast, std::bad_any_cast, std::bad_typeid, std::bad_function_call, std::bad_weak_ptr,
                                     std::bad_exception, std::bad_optional_access, std::bad_variant_access>;
TYPED_TEST_SUITE(StdException, StdExceptions);

TYPED_TEST(StdException, ArrivesAsItselfWithItsText) {
  const auto original = made<TypeParam>();
  EXPECT_EQ(what_of<TypeParam>(crossed(std::make_exception_ptr(original))), original.what());
}

TYPED_TEST(StdException, ArrivesAsRemoteErrorToo) {
  const auto original = made<TypeParam>();
  caught_as<RemoteError>(crossed(std::make_exception_ptr(original)), [&](const RemoteError& error) {
    EXPECT_EQ(error.text(), original.what());
    EXPECT_THAT(error.type_name(), HasSubstr("std::"));
    EXPECT_EQ(error.backtrace(), "main() at a.cpp:1");
    EXPECT_EQ(error.actor(), "worker");
    EXPECT_EQ(error.pid(), 42);
  });
}

TYPED_TEST(StdException, ArrivesAsStdException) {
  const auto original = made<TypeParam>();
  EXPECT_EQ(what_of<std::exception>(crossed(std::make_exception_ptr(original))), original.what());
}

TYPED_TEST(StdException, CrossesAgainAsItself) {
  const auto original = made<TypeParam>();
  EXPECT_EQ(what_of<TypeParam>(crossed(crossed(std::make_exception_ptr(original)))), original.what());
}

TEST(SystemError, KeepsItsCodeAndText) {
  const std::system_error original(std::make_error_code(std::errc::no_such_file_or_directory), "opening it");
  caught_as<std::system_error>(crossed(std::make_exception_ptr(original)), [&](const std::system_error& error) {
    EXPECT_EQ(error.code(), original.code());
    EXPECT_STREQ(error.what(), original.what());
  });
}

TEST(SystemError, KeepsNameAndValueOfACategoryThatIsUnknownHere) {
  class Category final : public std::error_category {
    const char* name() const noexcept override { return "kitchen"; }
    std::string message(int) const override { return "no salt"; }
  };
  static const Category category;
  caught_as<std::system_error>(crossed<std::system_error>(2, category, "cooking"), [](const std::system_error& error) {
    EXPECT_STREQ(error.code().category().name(), "kitchen");
    EXPECT_EQ(error.code().value(), 2);
    EXPECT_NE(error.code(), std::errc::no_such_file_or_directory);
    EXPECT_STREQ(error.what(), "cooking: no salt");
  });
}

TEST(IosFailure, KeepsItsCodeAndText) {
  const std::ios_base::failure original("reading", std::make_error_code(std::io_errc::stream));
  caught_as<std::ios_base::failure>(crossed(std::make_exception_ptr(original)), [&](const std::ios_base::failure& error) {
    EXPECT_EQ(error.code(), original.code());
    EXPECT_STREQ(error.what(), original.what());
  });
}

TEST(IosFailure, ArrivesAsItselfWhenAStreamThrewIt) {
  const auto thrown = thrown_by([] {
    std::ifstream file;
    file.exceptions(std::ios_base::failbit);
    file.open("/there is no such file");
  });
  EXPECT_EQ(what_of<std::ios_base::failure>(crossed(thrown)), what_of<std::ios_base::failure>(thrown));
}

TEST(FutureError, KeepsItsCodeAndText) {
  const std::future_error original(std::future_errc::broken_promise);
  caught_as<std::future_error>(crossed(std::make_exception_ptr(original)), [&](const std::future_error& error) {
    EXPECT_EQ(error.code(), original.code());
    EXPECT_STREQ(error.what(), original.what());
  });
}

TEST(RegexError, KeepsItsCodeAndText) {
  const std::regex_error original(std::regex_constants::error_paren);
  caught_as<std::regex_error>(crossed(std::make_exception_ptr(original)), [&](const std::regex_error& error) {
    EXPECT_EQ(error.code(), original.code());
    EXPECT_STREQ(error.what(), original.what());
  });
}

TEST(FilesystemError, KeepsItsCodeAndPathsAndText) {
  const auto thrown = thrown_by([] { std::filesystem::rename("/there is no such file", "/nor this"); });
  caught_as<std::filesystem::filesystem_error>(crossed(thrown), [&](const std::filesystem::filesystem_error& error) {
    EXPECT_EQ(error.code(), std::errc::no_such_file_or_directory);
    EXPECT_EQ(error.path1(), "/there is no such file");
    EXPECT_EQ(error.path2(), "/nor this");
    EXPECT_EQ(error.what(), what_of<std::filesystem::filesystem_error>(thrown));
  });
}

struct Unregistered : std::runtime_error {
  using std::runtime_error::runtime_error;
};

TEST(UnregisteredException, ArrivesAsRemoteExceptionWithTypeAndText) {
  caught_as<RemoteException>(crossed<Unregistered>("the text"), [](const RemoteException& error) {
    EXPECT_EQ(error.type_name(), "troupe::test::Unregistered");
    EXPECT_EQ(error.text(), "the text");
    EXPECT_STREQ(error.what(),
                 "Worker::work of worker threw troupe::test::Unregistered: the text; a class that TROUPE_EXCEPTION names is "
                 "caught as itself");
    EXPECT_EQ(error.method(), "Worker::work");
    EXPECT_EQ(error.backtrace(), "main() at a.cpp:1");
  });
}

TEST(UnregisteredException, OfAConstructorArrivesAsInitError) {
  const auto arrived = crossed_from_constructor(std::make_exception_ptr(Unregistered("the text")));
  EXPECT_EQ(what_of<InitError>(arrived),
            "the constructor of worker threw troupe::test::Unregistered: the text; a class that TROUPE_EXCEPTION names is caught "
            "as itself");
}

TEST(RegisteredException, OfAConstructorArrivesAsItself) {
  EXPECT_EQ(what_of<std::out_of_range>(crossed_from_constructor(std::make_exception_ptr(std::out_of_range("5")))), "5");
}

TEST(ThrownValue, ArrivesWithItsTypeAndNoText) {
  for (const auto& [thrown, type] :
       {std::pair(std::make_exception_ptr(7), "int"), {std::make_exception_ptr(std::string("x")), "std::string"}}) {
    caught_as<RemoteException>(crossed(thrown), [type = type](const RemoteException& error) {
      EXPECT_EQ(error.type_name(), type);
      EXPECT_EQ(error.text(), "(no text)");
    });
  }
}

TEST(TroupeError, ArrivesAsRemoteException) {
  const auto arrived = crossed<TimeoutError>("too late");
  EXPECT_THROW(std::rethrow_exception(arrived), RemoteException);
  EXPECT_EQ(what_of<RemoteException>(arrived),
            "Worker::work of worker threw troupe::TimeoutError: too late; it speaks of what this actor asked of troupe, not of "
            "the call to it");
}

TEST(TroupeError, ThatIsACancellationArrivesAsRemoteException) {
  EXPECT_THAT(what_of<RemoteException>(crossed<CancelledError>()), HasSubstr("troupe::CancelledError: the call was cancelled"));
}

TEST(TroupeError, OfAnInnerConstructorSaysSo) {
  const auto inner = crossed_from_constructor(std::make_exception_ptr(7));
  EXPECT_THAT(what_of<RemoteException>(crossed(inner)), HasSubstr("troupe::InitError: the constructor of worker threw int"));
}

TEST(RemoteException, CrossesAgainAsWhatItStandsFor) {
  const auto inner = wire::decode_exception(wire::encode_exception(std::make_exception_ptr(Unregistered("the text")), "inner"),
                                            {"first", 1, "First::act"}, false);
  caught_as<RemoteException>(crossed(inner), [](const RemoteException& error) {
    EXPECT_THAT(error.what(), StartsWith("First::act of first threw troupe::test::Unregistered: the text; "));
    EXPECT_EQ(error.actor(), "first");
    EXPECT_EQ(error.method(), "First::act");
    EXPECT_EQ(error.pid(), 1);
    EXPECT_EQ(error.backtrace(), "inner");
  });
}

TEST(RemoteException, ThatLeavesAConstructorNamesThatConstructor) {
  const auto inner = wire::decode_exception(wire::encode_exception(std::make_exception_ptr(Unregistered("the text"))),
                                            {"first", 1, "First::act"}, false);
  EXPECT_THAT(what_of<InitError>(crossed_from_constructor(inner)), HasSubstr("the constructor of worker threw"));
}

TEST(Exception, WithoutATextArrivesAll) {
  struct Mute : std::exception {
    const char* what() const noexcept override { return nullptr; }
  };
  EXPECT_THAT(what_of<RemoteException>(crossed<Mute>()), HasSubstr("Mute: (no text)"));
}

TEST(Exception, ThatIsNoneAtAllArrivesAllTheSame) {
  EXPECT_THROW(std::rethrow_exception(crossed(std::exception_ptr())), RemoteException);
}

TEST(Exception, MayHaveALongText) {
  const std::string text(100'000, 'x');
  EXPECT_EQ(what_of<std::runtime_error>(crossed<std::runtime_error>(text)), text);
}

TEST(ExceptionBytes, ThatEndTooSoonBecomeProtocolError) {
  const auto bytes = wire::encode_exception(std::make_exception_ptr(std::out_of_range("5")));
  for (std::size_t count = 0; count < bytes.size(); ++count) {
    const auto arrived = wire::decode_exception(std::span(bytes).first(count), {"worker", 42}, false);
    EXPECT_THROW(std::rethrow_exception(arrived), ProtocolError) << count << " of " << bytes.size() << " bytes";
  }
}

TEST(ExceptionBytes, DoNoHarmWhicheverIsChanged) {
  const std::filesystem::filesystem_error original("the text", "one", "two", std::make_error_code(std::errc::io_error));
  for (const auto& thrown :
       {std::make_exception_ptr(original), std::make_exception_ptr(std::regex_error(std::regex_constants::error_paren))}) {
    const auto bytes = wire::encode_exception(thrown);
    for (std::size_t place = 0; place < bytes.size(); ++place) {
      for (unsigned change = 1; change < 256; ++change) {
        auto changed = bytes;
        changed[place] ^= static_cast<std::byte>(change);
        EXPECT_NE(wire::decode_exception(changed, {"worker", 42}, (change & 1) != 0), nullptr);
      }
    }
  }
}

}  // namespace
}  // namespace troupe::test
