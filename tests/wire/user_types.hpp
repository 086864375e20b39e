// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cereal/access.hpp>
#include <cereal/types/base_class.hpp>
#include <cereal/types/memory.hpp>
#include <cereal/types/vector.hpp>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

// Classes as users write them, one for each way of cereal's.
namespace troupe::test {

struct Point {
  int x = 0;
  int y = 0;

  friend bool operator==(const Point&, const Point&) = default;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(x, y);
  }
};

class Account {
 public:
  Account() = default;
  Account(std::string owner, std::int64_t cents) : owner_(std::move(owner)), cents_(cents) {}
  friend bool operator==(const Account&, const Account&) = default;

 private:
  friend class cereal::access;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(cereal::make_nvp("owner", owner_), CEREAL_NVP(cents_));
  }

  std::string owner_;
  std::int64_t cents_ = 0;
};

struct Celsius {
  double degrees = 0;

  friend bool operator==(const Celsius&, const Celsius&) = default;
  template <class Archive>
  void save(Archive& archive) const {
    archive(degrees + 273.15);
  }
  template <class Archive>
  void load(Archive& archive) {
    archive(degrees);
    degrees -= 273.15;
  }
};

struct Ticket {
  std::uint32_t number = 0;

  friend bool operator==(const Ticket&, const Ticket&) = default;
  template <class Archive>
  std::uint32_t save_minimal(const Archive&) const {
    return number;
  }
  template <class Archive>
  void load_minimal(const Archive&, const std::uint32_t& saved) {
    number = saved;
  }
};

struct NamedPoint : Point {
  std::string name;

  friend bool operator==(const NamedPoint&, const NamedPoint&) = default;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(cereal::base_class<Point>(this), name);
  }
};

struct Versioned {
  std::string text;
  std::uint32_t version_met = 0;

  template <class Archive>
  void serialize(Archive& archive, const std::uint32_t version) {
    archive(text);
    version_met = version;
  }
};

struct Empty {
  friend bool operator==(const Empty&, const Empty&) = default;
};

struct SaysNothing {
  int unsaved = 0;

  template <class Archive>
  void serialize(Archive&) {}
};

struct Tree {
  int value = 0;
  std::vector<Tree> children;

  friend bool operator==(const Tree&, const Tree&) = default;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(value, children);
  }
};

// As deep as it is long.
struct Chain {
  int value = 0;
  std::unique_ptr<Chain> next;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(value, next);
  }
};

enum class Colour : std::uint8_t { red, green, blue };

}  // namespace troupe::test

CEREAL_CLASS_VERSION(troupe::test::Versioned, 7)
