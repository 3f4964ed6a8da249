// Which steps of a plan take a batch in portions (plan/lowering/portions.hpp), and how many images at a time:
// by measurement.
#pragma once

#include "plan/plan.hpp"
#include "tactics/choose.hpp"

#include <string>

namespace tenon {

// `network`: what its times are kept under in the cache of `choosing`; without measuring the plan stays as it
// is.
Plan in_portions_where_faster(Plan plan, const std::string& network, const ChooseOptions& choosing,
                              int threads);

}  // namespace tenon
