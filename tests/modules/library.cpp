// SPDX-License-Identifier: BSL-1.0
// A module as its users write them.
#include <troupe/async_result.hpp>
#include <troupe/module.hpp>

#include <algorithm>
#include <cereal/types/map.hpp>
#include <cstdlib>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "shelf.hpp"

namespace troupe::test {
namespace {

struct Book {
  std::string title;
  int pages = 0;
  std::optional<double> price{};

  template <class Archive>
  void serialize(Archive& archive) {
    archive(CEREAL_NVP(title), CEREAL_NVP(pages), CEREAL_NVP(price));
  }
};

// Loads what not every text is.
struct Label {
  std::string text;

  template <class Archive>
  void save(Archive& archive) const {
    archive(text);
  }
  template <class Archive>
  void load(Archive& archive) {
    archive(text);
    if (text.empty()) throw std::invalid_argument("a label is not empty");
  }
};

struct Tree {
  std::vector<Tree> children;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(children);
  }
};

struct HalfNamed {
  int one = 1;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(CEREAL_NVP(one), one);
  }
};

class Furniture {
 public:
  virtual ~Furniture() = default;
  virtual int legs() const { return 4; }
};

class Bookshelf final : public Furniture, public Shelf {
 public:
  Bookshelf() = default;
  explicit Bookshelf(std::string first) : titles_{std::move(first)} {}
  Bookshelf(std::string first, int copies) : titles_(static_cast<std::size_t>(copies), std::move(first)) {
    if (copies > 100) throw std::length_error("a shelf has room for 100");
  }

  int put(std::string title) override {
    titles_.push_back(std::move(title));
    return static_cast<int>(titles_.size());
  }
  std::vector<std::string> titles() const override { return titles_; }
  std::string first_of(const Proxy<Shelf>& other) override { return other.call<&Shelf::titles>().get().at(0); }
  void crash() override { std::abort(); }

  Book thicker(const Book& book, int pages) { return {book.title, book.pages + pages, book.price}; }
  int count_all(std::string_view title) const { return static_cast<int>(std::count(titles_.begin(), titles_.end(), title)); }
  std::map<std::string, int> lengths() const {
    std::map<std::string, int> lengths;
    for (const auto& each : titles_) lengths[each] = static_cast<int>(each.size());
    return lengths;
  }
  AsyncResult<int> later(int n) {
    Promise<int> promise;
    promise.set_value(n + 1);
    return promise.result();
  }
  void burn() { throw std::runtime_error("it burns"); }
  void clear() noexcept { titles_.clear(); }
  Tree deep(int depth) {
    Tree tree;
    for (int i = 0; i < depth; ++i) {
      Tree higher;
      higher.children.push_back(std::move(tree));
      tree = std::move(higher);
    }
    return tree;
  }
  HalfNamed half() { return {}; }
  int sum(std::vector<int> numbers) {
    int sum = 0;
    for (const int each : numbers) sum += each;
    return sum;
  }

  template <class Archive>
  void checkpoint(Archive& archive) {
    archive(titles_);
  }
  template <class Archive>
  void restore(Archive& archive) {
    archive(titles_);
  }

 private:
  std::vector<std::string> titles_;
};

class Box final : public Shelf {
 public:
  Box() = default;
  explicit Box(const Label&) {}
  int put(std::string) override { return 1; }
  std::vector<std::string> titles() const override { return {"a box"}; }
  std::string first_of(const Proxy<Shelf>&) override { return {}; }
  void crash() override {}
};

}  // namespace
}  // namespace troupe::test

using troupe::test::Bookshelf;
using troupe::test::Box;

TROUPE_MODULE(troupe::actor<Bookshelf>("Bookshelf")
                  .implements<troupe::test::Shelf>()
                  .constructor<>()
                  .constructor<std::string>()
                  .constructor<std::string, int>()
                  .method<&Bookshelf::put>("put")
                  .method<&Bookshelf::titles>("titles")
                  .method<&Bookshelf::thicker>("thicker")
                  .method<&Bookshelf::count_all>("count")
                  .method<&Bookshelf::lengths>("lengths")
                  .method<&Bookshelf::later>("later")
                  .method<&Bookshelf::burn>("burn")
                  .method<&Bookshelf::crash>("crash")
                  .method<&Bookshelf::clear>("clear")
                  .method<&Bookshelf::deep>("deep")
                  .method<&Bookshelf::half>("half")
                  .method<&Bookshelf::sum>("sum"),
              troupe::actor<Box>("Box").implements<troupe::test::Shelf>().constructor<>().constructor<troupe::test::Label>());
