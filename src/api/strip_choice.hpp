// Which steps of a plan run in strips (plan/lowering/strips.hpp): those that are faster so beside their
// neighbours, by measurement.
#pragma once

#include "plan/plan.hpp"
#include "tactics/choose.hpp"

#include <string>

namespace tenon {

// `network`: what its times are kept under in the cache of `choosing`; without measuring the plan stays as it
// is.
Plan in_strips_where_faster(Plan plan, const std::string& network, const ChooseOptions& choosing,
                            int threads);

}  // namespace tenon
