// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/archive.hpp>
#include <troupe/detail/module_table.hpp>

#include <nlohmann/json.hpp>

#include <array>
#include <cereal/cereal.hpp>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <tuple>
#include <type_traits>
#include <typeinfo>
#include <utility>

// Values to JSON and back, checked: numbers, text, enums (as numbers), std::optional (null), containers (arrays; maps with text
// keys: objects), pairs and tuples (arrays), and classes with cereal's functions: an object by the names that they give
// (CEREAL_NVP), an array of what has no name.
namespace troupe::detail {

using Json = nlohmann::json;                 // that is read: looks names up quickly, however many there are
using OrderedJson = nlohmann::ordered_json;  // that is written: as the class names its fields

// What was read is of another kind than what is wanted. `where` is filled on the way up, as in "[2].name".
class JsonMismatch : public std::runtime_error {
 public:
  JsonMismatch(const Json& found, const std::string& wanted)
      : runtime_error(found.dump(-1, ' ', true, Json::error_handler_t::replace).substr(0, kMostShown) + " is not " + wanted) {}
  explicit JsonMismatch(const std::string& text) : runtime_error(text) {}

  const std::string& where() const { return where_; }
  void is_in(const std::string& step) { where_.insert(0, step); }

 private:
  static constexpr std::size_t kMostShown = 100;
  std::string where_;
};

template <class Step, class Read>
void read_in(const Step& step, Read read) {
  try {
    read();
  } catch (JsonMismatch& mismatch) {
    mismatch.is_in(step());
    throw;
  }
}

class JsonWriter;
class JsonReader;

template <class T>
concept JsonMap = requires(T& map) {
  typename T::mapped_type;
  map.emplace(std::declval<typename T::key_type>(), std::declval<typename T::mapped_type>());
};
template <class T>
concept JsonSequence = !JsonMap<T> && !std::is_same_v<T, std::string> && requires(T & container) {
  container.insert(container.end(), std::declval<typename T::value_type>());
  container.clear();
};
template <class T>
inline constexpr bool is_array_or_tuple = false;
template <class T, std::size_t kSize>
inline constexpr bool is_array_or_tuple<std::array<T, kSize>> = true;
template <class A, class B>
inline constexpr bool is_array_or_tuple<std::pair<A, B>> = true;
template <class... T>
inline constexpr bool is_array_or_tuple<std::tuple<T...>> = true;
template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;

template <class T>
concept JsonByCereal = std::is_class_v<T> &&
    (cereal::traits::has_member_serialize<T, JsonWriter>::value ||
     cereal::traits::has_non_member_serialize<T, JsonWriter>::value ||
     (cereal::traits::has_member_save<T, JsonWriter>::value && cereal::traits::has_member_load<T, JsonReader>::value) ||
     (cereal::traits::has_non_member_save<T, JsonWriter>::value && cereal::traits::has_non_member_load<T, JsonReader>::value));

template <class T>
constexpr bool has_json();

template <class Tuple, std::size_t... kIndex>
constexpr bool all_have_json(std::index_sequence<kIndex...>) {
  return (has_json<std::tuple_element_t<kIndex, Tuple>>() && ...);
}

template <class T>
constexpr bool has_json() {
  if constexpr (std::is_arithmetic_v<T> || std::is_enum_v<T> || std::is_same_v<T, std::string>) {
    return true;
  } else if constexpr (is_optional<T>) {
    return has_json<typename T::value_type>();
  } else if constexpr (is_array_or_tuple<T>) {
    return all_have_json<T>(std::make_index_sequence<std::tuple_size_v<T>>());
  } else if constexpr (JsonMap<T>) {
    return has_json<std::remove_const_t<typename T::key_type>>() && has_json<typename T::mapped_type>();
  } else if constexpr (JsonSequence<T>) {
    return has_json<typename T::value_type>();
  } else {
    return JsonByCereal<T>;
  }
}

// Errors: SerializationError past kMaxNesting, which `nesting` counts.
template <class T>
OrderedJson json_of(const T& value, unsigned nesting = 0);
template <class T>
void read_json(const Json& json, T& value);

// What cereal's functions of a class write to. Thread-safety: none.
class JsonWriter {
 public:
  using is_saving = std::true_type;
  using is_loading = std::false_type;

  explicit JsonWriter(unsigned nesting) : nesting_(nesting) {}

  template <class... T>
  JsonWriter& operator()(T&&... values) {
    (put(values), ...);
    return *this;
  }
  OrderedJson take() { return std::move(json_); }

 private:
  template <class T>
  void put(const T& value) {
    if (json_.is_object()) refuse_mixture();
    json_.push_back(json_of(value, nesting_));
  }
  template <class T>
  void put(const cereal::NameValuePair<T>& pair) {
    if (json_.is_array()) refuse_mixture();
    json_[pair.name] = json_of(std::as_const(pair.value), nesting_);
  }
  template <class T>
  void put(const cereal::SizeTag<T>& tag) {
    put(static_cast<std::uint64_t>(tag.size));
  }
  [[noreturn]] static void refuse_mixture() {
    throw SerializationError("a class that names some of its fields, and not all, has no form in JSON", Direction::result);
  }

  OrderedJson json_;
  const unsigned nesting_;
};

// What they read from.
class JsonReader {
 public:
  using is_saving = std::false_type;
  using is_loading = std::true_type;

  explicit JsonReader(const Json& json) : json_(json) {}

  template <class... T>
  JsonReader& operator()(T&&... values) {
    (get(values), ...);
    return *this;
  }
  void expect_end() const {
    if (json_.size() > taken_)
      throw JsonMismatch("there are " + std::to_string(json_.size()) + " values, and " + std::to_string(taken_) + " are wanted");
  }

 private:
  template <class T>
  void get(T& value) {
    if (!json_.is_array()) throw JsonMismatch(json_, "an array");
    if (json_.size() <= taken_) throw JsonMismatch("there are " + std::to_string(json_.size()) + " values, and more are wanted");
    const std::size_t index = taken_++;
    read_in([&] { return "[" + std::to_string(index) + "]"; }, [&] { read_json(json_[index], value); });
  }
  template <class T>
  void get(cereal::NameValuePair<T>& pair) {
    const auto found = json_.is_object() ? json_.find(pair.name) : json_.end();
    if (!json_.is_object()) throw JsonMismatch(json_, "an object");
    if (found == json_.end()) throw JsonMismatch(std::string("\"") + pair.name + "\" is missing");
    ++taken_;
    read_in([&] { return std::string(".") + pair.name; }, [&] { read_json(*found, pair.value); });
  }
  template <class T>
  void get(cereal::SizeTag<T>& tag) {
    get(tag.size);
  }

  const Json& json_;
  std::size_t taken_ = 0;
};

template <class T>
OrderedJson json_of_class(const T& value, unsigned nesting) {
  JsonWriter writer(nesting);
  if constexpr (cereal::traits::has_member_serialize<T, JsonWriter>::value) {
    cereal::access::member_serialize(writer, const_cast<T&>(value));
  } else if constexpr (cereal::traits::has_non_member_serialize<T, JsonWriter>::value) {
    CEREAL_SERIALIZE_FUNCTION_NAME(writer, const_cast<T&>(value));
  } else if constexpr (cereal::traits::has_member_save<T, JsonWriter>::value) {
    cereal::access::member_save(writer, value);
  } else {
    CEREAL_SAVE_FUNCTION_NAME(writer, value);
  }
  return writer.take();
}

template <class T>
void read_class(const Json& json, T& value) {
  JsonReader reader(json);
  if constexpr (cereal::traits::has_member_serialize<T, JsonReader>::value) {
    cereal::access::member_serialize(reader, value);
  } else if constexpr (cereal::traits::has_non_member_serialize<T, JsonReader>::value) {
    CEREAL_SERIALIZE_FUNCTION_NAME(reader, value);
  } else if constexpr (cereal::traits::has_member_load<T, JsonReader>::value) {
    cereal::access::member_load(reader, value);
  } else {
    CEREAL_LOAD_FUNCTION_NAME(reader, value);
  }
  reader.expect_end();
}

template <class T>
OrderedJson json_of_map(const T& value, unsigned nesting) {
  if constexpr (std::is_same_v<typename T::key_type, std::string>) {
    OrderedJson json = OrderedJson::object();
    auto& members = json.template get_ref<OrderedJson::object_t&>();  // a row: nothing is looked for in it
    for (const auto& [key, mapped] : value) members.emplace_back(key, json_of(mapped, nesting));
    return json;
  } else {
    OrderedJson json = OrderedJson::array();
    for (const auto& [key, mapped] : value) json.push_back(OrderedJson::array({json_of(key, nesting), json_of(mapped, nesting)}));
    return json;
  }
}

template <class T>
OrderedJson json_of(const T& value, unsigned nesting) {
  if (++nesting > kMaxNesting) throw_too_nested(kMaxNesting, Direction::result);
  if constexpr (std::is_enum_v<T>) {
    return static_cast<std::underlying_type_t<T>>(value);
  } else if constexpr (std::is_arithmetic_v<T> || std::is_same_v<T, std::string>) {
    return value;
  } else if constexpr (is_optional<T>) {
    return value ? json_of(*value, nesting) : OrderedJson();
  } else if constexpr (is_array_or_tuple<T>) {
    return std::apply([nesting](const auto&... each) { return OrderedJson::array({json_of(each, nesting)...}); }, value);
  } else if constexpr (JsonMap<T>) {
    return json_of_map(value, nesting);
  } else if constexpr (JsonSequence<T>) {
    OrderedJson json = OrderedJson::array();
    for (const typename T::value_type& each : value) json.push_back(json_of(each, nesting));
    return json;
  } else {
    return json_of_class(value, nesting);
  }
}

template <class T>
void read_number(const Json& json, T& value) {
  const auto refuse = [&] { throw JsonMismatch(json, type_text(typeid(T).name())); };
  if constexpr (std::is_same_v<T, bool>) {
    if (!json.is_boolean()) refuse();
    value = json.get<bool>();
  } else if constexpr (std::is_floating_point_v<T>) {
    if (!json.is_number()) refuse();
    const auto wide = json.get<double>();
    if (std::abs(wide) > static_cast<long double>(std::numeric_limits<T>::max())) refuse();
    value = static_cast<T>(wide);
  } else {
    using Widest = std::conditional_t<std::is_signed_v<T>, long long, unsigned long long>;
    if (!json.is_number_integer()) refuse();
    const bool is_past_signed =
        json.is_number_unsigned() && json.get<unsigned long long>() > static_cast<unsigned long long>(INT64_MAX);
    const bool is_negative = !json.is_number_unsigned() && json.get<long long>() < 0;
    if (std::is_signed_v<T> ? is_past_signed : is_negative) refuse();
    const auto wide = json.get<Widest>();
    value = static_cast<T>(wide);
    if (static_cast<Widest>(value) != wide) refuse();
  }
}

template <class T>
void read_array(const Json& json, T& value) {
  constexpr std::size_t kSize = std::tuple_size_v<T>;
  if (!json.is_array() || json.size() != kSize) throw JsonMismatch(json, "an array of " + std::to_string(kSize));
  std::size_t index = 0;
  const auto next = [&](auto& element) {
    read_in([&] { return "[" + std::to_string(index) + "]"; }, [&] { read_json(json[index], element); });
    ++index;
  };
  std::apply([&](auto&... each) { (next(each), ...); }, value);
}

template <class T>
void read_map(const Json& json, T& value) {
  value.clear();
  if constexpr (std::is_same_v<typename T::key_type, std::string>) {
    if (!json.is_object()) throw JsonMismatch(json, "an object");
    for (const auto& [key, element] : json.items()) {
      typename T::mapped_type mapped{};
      read_in([&name = key] { return "." + name; }, [&json = element, &mapped] { read_json(json, mapped); });
      value.emplace(key, std::move(mapped));
    }
  } else {
    if (!json.is_array()) throw JsonMismatch(json, "an array of pairs");
    for (std::size_t index = 0; index < json.size(); ++index) {
      std::pair<typename T::key_type, typename T::mapped_type> pair{};
      read_in([&] { return "[" + std::to_string(index) + "]"; }, [&] { read_json(json[index], pair); });
      value.emplace(std::move(pair.first), std::move(pair.second));
    }
  }
}

template <class T>
void read_json(const Json& json, T& value) {
  if constexpr (std::is_enum_v<T>) {
    std::underlying_type_t<T> number{};
    read_number(json, number);
    value = static_cast<T>(number);
  } else if constexpr (std::is_arithmetic_v<T>) {
    read_number(json, value);
  } else if constexpr (std::is_same_v<T, std::string>) {
    if (!json.is_string()) throw JsonMismatch(json, "a string");
    value = json.get<std::string>();
  } else if constexpr (is_optional<T>) {
    value.reset();
    if (!json.is_null()) read_json(json, value.emplace());
  } else if constexpr (is_array_or_tuple<T>) {
    read_array(json, value);
  } else if constexpr (JsonMap<T>) {
    read_map(json, value);
  } else if constexpr (JsonSequence<T>) {
    if (!json.is_array()) throw JsonMismatch(json, "an array");
    value.clear();
    for (std::size_t index = 0; index < json.size(); ++index) {
      typename T::value_type element{};
      read_in([&] { return "[" + std::to_string(index) + "]"; }, [&] { read_json(json[index], element); });
      value.insert(value.end(), std::move(element));
    }
  } else {
    read_class(json, value);
  }
}

// Errors: JsonMismatch for what is no JSON, and for what is nested deeper than values may be.
inline Json parse_json(const std::string& text) {
  const auto bounded = [](int depth, Json::parse_event_t, Json&) {
    if (depth > static_cast<int>(kMaxNesting))
      throw JsonMismatch("it is nested more than " + std::to_string(kMaxNesting) + " deep");
    return true;
  };
  try {
    return Json::parse(text, bounded);
  } catch (const Json::exception&) {
    throw JsonMismatch(text.substr(0, 100) + " is no JSON; text is written with quotes, as in \"text\"");
  }
}

inline std::string json_text(const OrderedJson& json) { return json.dump(-1, ' ', false, OrderedJson::error_handler_t::replace); }

}  // namespace troupe::detail
