// SPDX-License-Identifier: BSL-1.0
#include <troupe/group.hpp>

#include <stdexcept>

#include "client/refusal.hpp"
#include "client/session.hpp"
#include "supervision/group.hpp"

namespace troupe {

Group Group::make(const SessionReference& session, GroupId parent, const GroupOptions& options) {
  return {session, session->supervise(parent, options)};
}

const Group::SessionReference& Group::checked(const SessionReference& session) {
  if (session == nullptr)
    throw std::logic_error("troupe: this Group is empty; it stands for a group when it comes from Runtime::supervise");
  return session;
}

}  // namespace troupe

namespace troupe::client {

GroupId Session::supervise(GroupId parent, const GroupOptions& options) {
  supervision::check(options);
  auto message = ask(wire::Supervise{.parent = parent.value,
                                     .strategy = static_cast<std::uint8_t>(options.strategy),
                                     .max = options.intensity.max,
                                     .within_ns = options.intensity.within.span().count()});
  if (const auto* refused = std::get_if<wire::Refused>(&message))
    std::rethrow_exception(error_of(refused->failure, "making a group"));
  return GroupId{answer_in<wire::Supervised>(message).group};
}

ShutdownReport Session::stop(GroupId group, Timeout grace) {
  if (is_closing_ || has_manager_fallen()) return {};
  auto message = ask(wire::StopGroup{.group = group.value, .grace_ns = grace.span().count()});
  return {std::move(answer_in<wire::AllStopped>(message).killed)};
}

}  // namespace troupe::client
