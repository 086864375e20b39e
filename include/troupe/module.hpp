// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/detail/json.hpp>
#include <troupe/detail/method.hpp>
#include <troupe/detail/module_table.hpp>

#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <typeinfo>
#include <utility>
#include <vector>

// For shared libraries that hold actors: what each is called, what it is made from, and what can be called by name.
//
//   TROUPE_MODULE(troupe::actor<Counter>("Counter").implements<ICounter>().constructor<int>().method<&Counter::add>("add"));
//
// `actor-host run --module libcounter.so --actor Counter -- 10` starts one; so does SpawnOptions::module, in a program that knows
// ICounter alone. The library is linked to troupe::module, and the program that loads it to troupe::module_host: they share one
// runtime, the program's.
namespace troupe {

namespace detail {

template <class P>
std::string objection_to(const std::string& text, std::size_t position, Owner<P>& value) {
  try {
    read_json(parse_json(text), value);
    return {};
  } catch (const JsonMismatch& mismatch) {
    return "argument " + std::to_string(position + 1) + mismatch.where() + ": " + mismatch.what();
  }
}

// What is wrong with the arguments; empty: nothing, and they are in `values`.
template <class... P>
std::string read_arguments(JsonTexts texts, std::tuple<Owner<P>...>& values) {
  if (texts.size() != sizeof...(P))
    return std::to_string(texts.size()) + (texts.size() == 1 ? " argument was given" : " arguments were given");
  std::string objection;
  std::size_t position = 0;
  const auto read = [&]<class Parameter>(std::type_identity<Parameter>, Owner<Parameter>& value) {
    if (objection.empty()) objection = objection_to<Parameter>(texts[position], position, value);
    ++position;
  };
  std::apply([&](auto&... each) { (read(std::type_identity<P>(), each), ...); }, values);
  return objection;
}

template <class T>
void reply_in_json(Invocation& invocation, const T& result) {
  if (!invocation.wants_reply()) return;
  invocation.returned();
  send_reply(invocation, json_text(json_of(result)));
}

inline void reply_null(Invocation& invocation) {
  if (invocation.wants_reply()) send_reply(invocation, std::string("null"));
}

template <class T>
void send_deferred_in_json(ResultCell& cell, Invocation& invocation) {
  cell.await_value(Timeout());
  if constexpr (std::is_void_v<T>) {
    reply_null(invocation);
  } else {
    reply_in_json(invocation, static_cast<TypedCell<T>&>(cell).value());
  }
}

template <class T>
void reply_deferred_in_json(Invocation& invocation, const AsyncResult<T>& result) {
  TypedCell<T>& cell = ResultAccess::cell(result);
  if (invocation.await(cell, &send_deferred_in_json<T>)) send_deferred_in_json<T>(cell, invocation);
}

template <class T>
constexpr bool result_has_json() {
  if constexpr (std::is_void_v<T>) {
    return true;
  } else {
    return has_json<std::remove_cvref_t<T>>();
  }
}

// A method that is called with JSON texts.
template <class A, auto kMethod>
struct MethodByName {
  using Traits = MethodTraits<decltype(kMethod)>;
  using Return = typename Traits::Return;
  using Held = Returned<std::remove_cvref_t<Return>>;
  using Result = ResultOf<Return>;

  template <class... P>
  static constexpr const char* function_type(Parameters<P...>) {
    return typeid(Result(std::remove_cvref_t<P>...)).name();
  }

  static void call(void* actor, JsonTexts texts, Invocation& invocation, const std::string& signature) {
    serve(*static_cast<A*>(actor), texts, invocation, signature, typename Traits::ParameterTypes());
  }

 private:
  template <class... P>
  static void serve(A& actor, JsonTexts texts, Invocation& invocation, const std::string& signature, Parameters<P...>) {
    if constexpr ((has_json<Owner<P>>() && ...) && result_has_json<Result>()) {
      auto values = std::make_unique<std::tuple<Owner<P>...>>();
      if (const std::string objection = read_arguments<P...>(texts, *values); !objection.empty())
        throw SerializationError(signature + ": " + objection, Direction::argument);
      invocation.entered();
      if constexpr (Held::goes_on_by_parts && is_reentrant<A>()) {
        auto begun = std::apply([&](auto&... each) { return (object_of(actor).*kMethod)(hand_over<P>(each)...); }, *values);
        reply_deferred_in_json(invocation, Held::start_by_parts(std::move(begun), std::move(values)));
      } else {
        std::apply([&](auto&... each) { reply(actor, invocation, hand_over<P>(each)...); }, *values);
      }
    } else {
      throw SerializationError(signature + " cannot be called by name: there is a type that has no form in JSON",
                               Direction::argument);
    }
  }

  // As the parameter wants it.
  template <class P>
  static decltype(auto) hand_over(Owner<P>& value) {
    if constexpr (is_view<std::remove_cvref_t<P>>) {
      return std::remove_cvref_t<P>(value);
    } else if constexpr (std::is_lvalue_reference_v<P>) {
      return std::as_const(value);
    } else {
      return std::move(value);
    }
  }

  static decltype(auto) object_of(A& actor) { return Traits::object(actor); }

  template <class... Argument>
  static void reply(A& actor, Invocation& invocation, Argument&&... argument) {
    if constexpr (Held::is_deferred) {
      reply_deferred_in_json(invocation, Held::start((object_of(actor).*kMethod)(std::forward<Argument>(argument)...)));
    } else if constexpr (std::is_void_v<Return>) {
      (object_of(actor).*kMethod)(std::forward<Argument>(argument)...);
      reply_null(invocation);
    } else {
      reply_in_json(invocation, (object_of(actor).*kMethod)(std::forward<Argument>(argument)...));
    }
  }
};

// The class of a module, by its C++ class: an object of it, or of one of its bases, finds it here.
template <class A>
struct ModuleClassOf {
  static inline ModuleClass value{};
};

template <class A, class As>
ActorInstance instance_in_module(void* actor) {
  ActorInstance instance = instance_of<A, As>(static_cast<A*>(actor));
  instance.call_by_name = [](void* object, Invocation& invocation) {
    call_by_name(ModuleClassOf<A>::value, static_cast<A*>(static_cast<As*>(object)), invocation);
  };
  return instance;
}

template <class A, class... Args>
struct ConstructorByName {
  static std::string objection(JsonTexts texts) {
    std::tuple<Args...> values;
    return read<0>(texts, values);
  }
  static void* make(JsonTexts texts) {
    std::tuple<Args...> values;
    if (std::string text = read<0>(texts, values); !text.empty()) throw SerializationError(text, Direction::argument);
    return std::apply([](auto&... each) { return new A(std::move(each)...); }, values);
  }

 private:
  template <int>
  static std::string read(JsonTexts texts, std::tuple<Args...>& values) {
    if constexpr ((has_json<Args>() && ...)) {
      return read_arguments<Args...>(texts, values);
    } else {
      return "there is a type that has no form in JSON";
    }
  }
};

}  // namespace detail

// Describes an actor's class for TROUPE_MODULE. A class is described once in a module.
template <class A>
class ModuleActor {
 public:
  // `name`: unique in the module; letters, digits, '_', '.', ':', '-', '<' and '>'.
  explicit ModuleActor(std::string name) {
    made().name = std::move(name);
    made().type = &typeid(A);
    made().interfaces.push_back({&typeid(A), &detail::instance_in_module<A, A>});
  }

  // It can be spawned as an Interface, by programs that know no more of it.
  template <class Interface>
  ModuleActor& implements() {
    static_assert(std::is_base_of_v<Interface, A>, "troupe: implements<I>() wants a base of the actor's class");
    static_assert(
        requires(Interface * base) { static_cast<A*>(base); },
        "troupe: implements<I>() wants a base that is neither virtual nor ambiguous: there is no way back from it to the class");
    made().interfaces.push_back({&typeid(Interface), &detail::instance_in_module<A, Interface>});
    return *this;
  }

  // It is made from values of these types, as they travel: text is a std::string, what a span shows a std::vector.
  template <class... Args>
  ModuleActor& constructor() {
    static_assert(
        (std::is_same_v<Args, detail::Travelling<Args>> && ...),
        "troupe: constructor<…>() wants the types as they travel: no references, std::string for text, std::vector for spans");
    static_assert(std::is_constructible_v<A, Args&&...>, "troupe: the class has no constructor that takes these");
    using Key = detail::ConstructorKey<A, Args...>;
    using ByName = detail::ConstructorByName<A, Args...>;
    made().constructors.push_back(
        {typeid(void(Args...)).name(), &detail::Registration<Key>::node(), &ByName::objection, &ByName::make});
    return *this;
  }

  // It can be called under this name, with JSON. Of one name there is one: give overloads names of their own.
  template <auto kMethod>
  ModuleActor& method(std::string name) {
    static_assert(std::is_member_function_pointer_v<decltype(kMethod)>,
                  "troupe: method<…>(name) wants a method, as in method<&A::m>(\"m\")");
    using ByName = detail::MethodByName<A, kMethod>;
    made().methods.push_back({std::move(name), ByName::function_type(typename ByName::Traits::ParameterTypes()), &ByName::call});
    return *this;
  }

  static detail::ModuleClass& made() { return detail::ModuleClassOf<A>::value; }
};

template <class A>
ModuleActor<A> actor(std::string name) {
  return ModuleActor<A>(std::move(name));
}

namespace detail {

template <class... A>
std::vector<const ModuleClass*> classes_of(const ModuleActor<A>&...) {
  return {&ModuleActor<A>::made()...};
}

}  // namespace detail
}  // namespace troupe

// What the actors of this shared library are: once in it, at namespace scope, with one or more troupe::actor<A>(name)….
#define TROUPE_MODULE(...)                                                                                                       \
  extern "C" __attribute__((visibility("default"))) const ::troupe::detail::ModuleTable* troupe_module();                        \
  extern "C" const ::troupe::detail::ModuleTable* troupe_module() {                                                              \
    static const ::troupe::detail::ModuleTable table{::troupe::detail::kModuleBuild, ::troupe::detail::classes_of(__VA_ARGS__)}; \
    return &table;                                                                                                               \
  }                                                                                                                              \
  static_assert(true)
