// SPDX-License-Identifier: BSL-1.0
#include "wire/control.hpp"

#include <gmock/gmock.h>
#include <troupe/error.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

namespace troupe::wire {
namespace {

using Bytes = std::vector<std::byte>;

// Messages with something in every field that can have it.

Hello hello() {
  return {kProtocolVersion, "troupe 0.1.0", 42, {{"/bin/program", "abcd", 12, 0xfeed}, {"/lib/module.so", "", 1, 2}}};
}

ActorDescription actor() {
  ActorDescription actor;
  actor.id = {7};
  actor.key = {1, 2};
  actor.name = "counter";
  actor.type = "7Counter";
  actor.pid = 43;
  actor.incarnation = 3;
  return actor;
}

DeathCause cause() {
  DeathCause cause{.kind = DeathKind::signal, .signal = 11, .fault_address = 0x10, .method = "Counter::add"};
  cause.stderr_tail = {"one", "two"};
  cause.resource_usage = {1, 2, 3};
  cause.detail = "more";
  cause.method_time = std::chrono::seconds(3);
  cause.core_path = "/core";
  cause.has_fault_address = true;
  cause.core = {
      .pid = 5, .signal = 11, .directory = "/tmp", .not_after = std::chrono::system_clock::time_point(std::chrono::hours(7))};
  return cause;
}

Failure failure() { return {Refusal::actor_died, "text", {std::byte{1}, std::byte{2}}, cause()}; }

ActorInfo info() {
  ActorInfo info{.id = {7}, .name = "counter", .type = "Counter", .pid = 43, .state = ActorState::stopping, .incarnation = 2};
  info.last_death = cause();
  info.running = "Counter::add";
  info.running_for = std::chrono::seconds(2);
  info.memory = 1 << 20;
  return info;
}

Limits limits() { return {1 << 20, 2, 64, -5, {3, 1}}; }

Spawn spawn() {
  Spawn spawn;
  spawn.request = 5;
  spawn.constructor = {1, 2};
  spawn.type = "7Counter";
  spawn.environment = {{"NAME", "value"}};
  spawn.limits = limits();
  spawn.offer = {1024, 1024, 512};
  spawn.hang = {5, true};
  return spawn;
}

// A sample of every message of the vocabulary. One that has no sample here is sent as it is by default.
template <class Message>
Message sample() {
  return Message();
}
template <>
Hello sample() {
  return hello();
}
template <>
Join sample() {
  return {hello(), {7}, {1, 2}};
}
template <>
Spawn sample() {
  return spawn();
}
template <>
Find sample() {
  return {1, "name", "type"};
}
template <>
Attach sample() {
  return {1, {7}, {1, 2}, "type", {1, 2, 3}};
}
template <>
StopActor sample() {
  return {{7}, {1, 2}, -1};
}
template <>
CancelCall sample() {
  return {{7}, 3, 4, 5};
}
template <>
Waits sample() {
  return {{7}, 3};
}
template <>
StillWaits sample() {
  return {{7}, 3, true};
}
template <>
ConfirmWait sample() {
  return {3, {7}, 4};
}
template <>
WaitsForEver sample() {
  return {3, "actor 1 waits for actor 2"};
}
template <>
StopTurn sample() {
  return {1, 2, 3, -1};
}
template <>
LinkActors sample() {
  return {{{7}, {1, 2}}, {{8}, {3, 4}}};
}
template <>
UnlinkActors sample() {
  return {{{7}, {1, 2}}, {{8}, {3, 4}}};
}
template <>
FindDeath sample() {
  return {1, "counter", 5};
}
template <>
RestartActor sample() {
  return {1, {7}, {1, 2}, 5'000'000'000};
}
template <>
ReadOutput sample() {
  return {1, "counter", {7}, 3, 10};
}
template <>
FoundDeath sample() {
  return {1, DeathRecord{4, {7}, "counter", "7Counter", 43, 1'000'000'000, true, cause()}};
}
template <>
RestartAnswer sample() {
  return {1, "it is ending", 3};
}
template <>
KeptOutput sample() {
  return {1, {7}, true, true, {{3, 2, true, "one", 0}, {4, 2, false, "", 99}}, 4, true};
}
template <>
GuardMissing sample() {
  return {"construct Runtime first in main"};
}
template <>
Welcome sample() {
  return {hello()};
}
template <>
Opened sample() {
  return {1, actor(), {3}, true};
}
template <>
Refused sample() {
  return {1, failure()};
}
template <>
Found sample() {
  return {1, true, actor()};
}
template <>
Listed sample() {
  return {1, {info(), ActorInfo()}};
}
template <>
ActorDown sample() {
  return {{7}, 2, "counter", "7Counter", {.signal = 11, .core_dumped = true}, cause()};
}
template <>
ActorUp sample() {
  return {actor()};
}
template <>
ActorHangs sample() {
  return {{7}, 2, true, "Counter::add", 5'000'000'000, "file+0x10\n"};
}
template <>
Printed sample() {
  return {{7}, 2, true, {"one", "two"}, 5};
}
template <>
AllStopped sample() {
  return {1, {info()}};
}
template <>
ForkFailed sample() {
  return {1, "no"};
}
template <>
Construct sample() {
  Construct construct;
  construct.actor = actor();
  construct.limits = limits();
  construct.shows_stack = true;
  construct.client_modules = hello().modules;
  construct.captures_output = true;
  return construct;
}
template <>
ConstructFailed sample() {
  return {failure()};
}
template <>
OpenChannel sample() {
  return {1, {1, 2, 3}, hello().modules};
}
template <>
ChannelRefused sample() {
  return {1, failure()};
}
template <>
Status sample() {
  return {1, 2, 3, "Counter::add"};
}

template <class Vocabulary>
struct VocabularyTest : testing::Test {};

// Calls use(message) with a sample of each message of the vocabulary.
template <class Use, class... Message>
void for_each_message(const std::variant<Message...>*, Use use) {
  (use(sample<Message>()), ...);
}
template <class Vocabulary, class Use>
void for_each_message_of(Use use) {
  for_each_message(static_cast<const Vocabulary*>(nullptr), use);
}

using Vocabularies = testing::Types<ToManagerFromClient, ToClient, ToZygote, ToManagerFromZygote, ToHost, ToManagerFromHost>;
TYPED_TEST_SUITE(VocabularyTest, Vocabularies);

TYPED_TEST(VocabularyTest, GivesEachMessageBack) {
  for_each_message_of<TypeParam>([]<class Message>(const Message& message) {
    const Bytes bytes = encode_message<TypeParam>(message);
    const auto decoded = decode_message<TypeParam>(bytes);
    ASSERT_TRUE(std::holds_alternative<Message>(decoded)) << decoded.index();
    EXPECT_EQ(encode_message<TypeParam>(std::get<Message>(decoded)), bytes);
  });
}

TYPED_TEST(VocabularyTest, RefusesEveryTruncation) {
  for_each_message_of<TypeParam>([](const auto& message) {
    const Bytes bytes = encode_message<TypeParam>(message);
    for (std::size_t count = 0; count < bytes.size(); ++count) {
      EXPECT_THROW(decode_message<TypeParam>(std::span(bytes).first(count)), ProtocolError)
          << count << " of " << bytes.size() << " bytes";
    }
  });
}

TYPED_TEST(VocabularyTest, RefusesBytesThatAreLeftOver) {
  for_each_message_of<TypeParam>([](const auto& message) {
    Bytes bytes = encode_message<TypeParam>(message);
    bytes.push_back(std::byte{0});
    EXPECT_THROW(decode_message<TypeParam>(bytes), ProtocolError);
  });
}

TYPED_TEST(VocabularyTest, SurvivesAnyChangeOfAByte) {
  for_each_message_of<TypeParam>([](const auto& message) {
    const Bytes bytes = encode_message<TypeParam>(message);
    for (std::size_t place = 0; place < bytes.size(); ++place) {
      for (const unsigned change : {0x01u, 0x02u, 0x10u, 0x80u, 0xffu}) {
        Bytes changed = bytes;
        changed[place] ^= static_cast<std::byte>(change);
        try {
          (void)decode_message<TypeParam>(changed);
        } catch (const ProtocolError&) {
        }
      }
    }
  });
}

TYPED_TEST(VocabularyTest, RefusesAnUnknownKind) {
  const Bytes bytes = {std::byte{0xfe}};
  EXPECT_THAT([&] { (void)decode_message<TypeParam>(bytes); },
              testing::ThrowsMessage<ProtocolError>(testing::HasSubstr("unknown kind 254")));
}

TEST(GuardMissing, HasTheSameBytesInEveryVocabulary) {
  const GuardMissing missing{"construct Runtime first in main"};
  const Bytes bytes = encode_message<ToManagerFromHost>(missing);
  EXPECT_EQ(encode_message<ToManagerFromZygote>(missing), bytes);
  EXPECT_EQ(encode_message<ToManagerFromClient>(missing), bytes);
  EXPECT_EQ(encode_message<ToClient>(missing), bytes);
}

TEST(ActorDown, KeepsTheWholeReport) {
  auto down = sample<ActorDown>();
  down.first_cause = cause();
  down.first_to_die = "actor 8 (Counter)";
  const auto decoded = std::get<ActorDown>(decode_message<ToClient>(encode_message<ToClient>(down)));
  EXPECT_EQ(decoded.status, (ExitStatus{.signal = 11, .core_dumped = true}));
  EXPECT_EQ(decoded.cause.kind, DeathKind::signal);
  EXPECT_EQ(decoded.cause.method, "Counter::add");
  EXPECT_EQ(decoded.cause.stderr_tail, (std::vector<std::string>{"one", "two"}));
  EXPECT_EQ(decoded.cause.method_time, std::chrono::seconds(3));
  EXPECT_EQ(decoded.cause.core_path, "/core");
  EXPECT_TRUE(decoded.cause.has_fault_address);
  EXPECT_EQ(decoded.first_to_die, "actor 8 (Counter)");
  EXPECT_EQ(decoded.cause.core.pid, 5);
  EXPECT_EQ(decoded.cause.core.signal, 11);
  EXPECT_EQ(decoded.cause.core.directory, "/tmp");
  EXPECT_EQ(decoded.cause.core.not_after.time_since_epoch(), std::chrono::hours(7));
  EXPECT_EQ(decoded.cause.resource_usage.max_resident_bytes, 3u);
}

TEST(ActorHangs, BringsTheStack) {
  const auto decoded = std::get<ActorHangs>(decode_message<ToClient>(encode_message<ToClient>(sample<ActorHangs>())));
  EXPECT_EQ(decoded.actor, ActorId{7});
  EXPECT_EQ(decoded.incarnation, 2u);
  EXPECT_TRUE(decoded.is_over);
  EXPECT_EQ(decoded.method, "Counter::add");
  EXPECT_EQ(decoded.running_ns, 5'000'000'000);
  EXPECT_EQ(decoded.backtrace, "file+0x10\n");
}

TEST(LinkActors, NamesBoth) {
  const auto decoded =
      std::get<LinkActors>(decode_message<ToManagerFromClient>(encode_message<ToManagerFromClient>(sample<LinkActors>())));
  EXPECT_EQ(decoded.one.id, ActorId{7});
  EXPECT_EQ(decoded.one.key, (ActorKey{1, 2}));
  EXPECT_EQ(decoded.other.id, ActorId{8});
  EXPECT_EQ(decoded.other.key, (ActorKey{3, 4}));
}

TEST(Spawn, BringsWhatAHangIs) {
  const auto decoded = std::get<Spawn>(decode_message<ToManagerFromClient>(encode_message<ToManagerFromClient>(sample<Spawn>())));
  EXPECT_EQ(decoded.hang.after_ns, 5);
  EXPECT_TRUE(decoded.hang.kill);
}

TEST(DeathCause, MustNotBeOfAKindPastTheLast) {
  ActorDown down;
  const Bytes of_unknown = encode_message<ToClient>(down);
  down.cause.kind = DeathKind::hung;
  Bytes bytes = encode_message<ToClient>(down);
  const auto place = std::mismatch(bytes.begin(), bytes.end(), of_unknown.begin()).first;
  EXPECT_NO_THROW((void)decode_message<ToClient>(bytes));
  *place = static_cast<std::byte>(static_cast<int>(DeathKind::linked) + 1);
  EXPECT_THROW((void)decode_message<ToClient>(bytes), ProtocolError);
}

TEST(Construct, BringsTheLimits) {
  const auto decoded = std::get<Construct>(decode_message<ToHost>(encode_message<ToHost>(sample<Construct>())));
  EXPECT_EQ(decoded.limits.memory_bytes, 1u << 20);
  EXPECT_EQ(decoded.limits.cpu_seconds, 2u);
  EXPECT_EQ(decoded.limits.open_files, 64u);
  EXPECT_EQ(decoded.limits.nice, -5);
  EXPECT_EQ(decoded.limits.processors, (Limits::Processors{3, 1}));
}

TEST(Refused, MustNotHaveAReasonPastTheLast) {
  Failure failure;
  failure.kind = static_cast<Refusal>(static_cast<int>(Refusal::bad_options) + 1);
  Bytes bytes = encode_message<ToClient>(Refused{1, {}});
  bytes[1 + sizeof(std::uint64_t)] = static_cast<std::byte>(failure.kind);
  EXPECT_THROW((void)decode_message<ToClient>(bytes), ProtocolError);
}

}  // namespace
}  // namespace troupe::wire
