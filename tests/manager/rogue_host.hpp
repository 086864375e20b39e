// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "fake_client.hpp"

namespace troupe::manager::testing {

// A host started by exec whose environment asks for a trick does not come under the guard, but does one of these:
//   unguarded        main ends without the guard
//   exit             ends at once, without a word
//   crash            likewise, by SIGABRT
//   silent           says nothing, for ever
//   garbage          says hello, then no message at all
//   false-page       says hello with a life page that is none
//   attaches-wrong   comes up, and answers the next channel that it is asked for without handles
//   second-client    comes up, joins as a client, breaks the protocol there, and exits with 7 when it has been dropped
//   parent           comes up, and spawns a Quiet of its own
//   holds …          comes up, joins as a client, and holds the actor that holder_trick() named
//   hangs            comes up, and says on its life page that it runs a method that nobody knows, for ever
//   joins            comes up, asks as a client to join the Quiet "one", and exits with 7
//   claims           comes up, joins as a client under another actor's name, and exits with 7 when it has been dropped
constexpr const char* kTrickVariable = "TROUPE_TEST_TRICK";

// nullptr: this process is none.
const char* rogue_trick();
int run_rogue_host(const std::string& trick);

// The trick of one that holds this actor.
std::string holder_trick(const wire::ActorReference& actor);

// What a client asks for to get one.
wire::Spawn rogue(const std::string& trick);

}  // namespace troupe::manager::testing
