// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/actor_info.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace troupe::command {

// What is known of actors as Prometheus reads it (its text format, version 0.0.4). The names of metrics and labels are a promise
// to dashboards. A pure function.
std::string metrics_text(const std::vector<ActorInfo>& actors);

// As the value of a label, in its quotes: what is no UTF-8 comes as U+FFFD.
std::string label_value(std::string_view text);

constexpr const char* kMetricsType = "text/plain; version=0.0.4; charset=utf-8";

}  // namespace troupe::command
