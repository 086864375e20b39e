// SPDX-License-Identifier: BSL-1.0
#include "registered_exceptions.hpp"

#include <gmock/gmock.h>

#include <stdexcept>
#include <string>

#include "crossed.hpp"

namespace troupe::test {
namespace {

struct Twin : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Its constructor throws when it is made again.
struct Fragile : std::runtime_error {
  explicit Fragile(int) : std::runtime_error("fragile") {}
  explicit Fragile(const std::string&) : std::runtime_error("") { throw std::bad_alloc(); }
};

TROUPE_EXCEPTION(Twin, Fragile);

TEST(TroupeException, ArrivesAsItselfWithItsText) {
  EXPECT_EQ(what_of<shop::OutOfStock>(crossed<shop::OutOfStock>("tea")), "out of stock: tea");
}

TEST(TroupeException, ArrivesAsRemoteErrorToo) {
  caught_as<RemoteError>(crossed<shop::OutOfStock>("tea"), [](const RemoteError& error) {
    EXPECT_EQ(error.type_name(), "shop::OutOfStock");
    EXPECT_EQ(error.text(), "out of stock: tea");
    EXPECT_EQ(error.actor(), "worker");
  });
}

TEST(TroupeException, ArrivesAsItsBases) {
  EXPECT_EQ(what_of<std::runtime_error>(crossed<shop::OutOfStock>("tea")), "out of stock: tea");
}

TEST(TroupeException, CrossesAgainAsItself) {
  EXPECT_EQ(what_of<shop::OutOfStock>(crossed(crossed<shop::OutOfStock>("tea"))), "out of stock: tea");
}

TEST(TroupeException, IsOneTypeInAllFiles) {
  EXPECT_EQ(what_of<shop::OutOfStock>(crossed(out_of_stock_thrown_elsewhere())), "out of stock: tea");
}

TEST(TroupeException, IsMatchedByItsExactType) {
  const auto arrived = crossed<shop::SpecialOutOfStock>("tea");
  EXPECT_THAT(what_of<RemoteException>(arrived), testing::HasSubstr("shop::SpecialOutOfStock: out of stock: tea"));
}

TEST(TroupeException, MayBeNoStdException) {
  const auto arrived = crossed<shop::Refund>("broken");
  EXPECT_EQ(caught_as<shop::Refund>(arrived, [](const shop::Refund& refund) { return refund.reason; }), "broken");
  EXPECT_EQ(caught_as<RemoteError>(arrived, [](const RemoteError& error) { return error.text(); }), "broken");
}

TEST(TroupeException, CrossesAgainThoughItIsNoStdException) {
  const auto arrived = crossed(crossed<shop::Refund>("broken"));
  EXPECT_EQ(caught_as<shop::Refund>(arrived, [](const shop::Refund& refund) { return refund.reason; }), "broken");
}

TEST(TroupeException, MayHaveNoText) {
  const auto arrived = crossed<shop::Silent>("unheard");
  EXPECT_EQ(caught_as<RemoteError>(arrived, [](const RemoteError& error) { return error.text(); }), "(no text)");
  EXPECT_THROW(std::rethrow_exception(arrived), shop::Silent);
}

TEST(TroupeException, IsNeverTakenForAnotherTypeOfTheSameName) {
  EXPECT_THAT(what_of<RemoteException>(crossed<Twin>("here")), testing::HasSubstr("Twin: here"));
  EXPECT_THAT(what_of<RemoteException>(crossed(twin_thrown_elsewhere())), testing::HasSubstr("Twin: elsewhere"));
}

TEST(TroupeException, ThatCannotBeMadeAgainArrivesAsRemoteException) {
  EXPECT_THAT(what_of<RemoteException>(crossed<Fragile>(1)), testing::HasSubstr("Fragile: fragile"));
}

}  // namespace
}  // namespace troupe::test
