// The ways in which a network can be run. Each must give the stored answers.
#pragma once

#include "models/networks.hpp"

#include <functional>
#include <string>
#include <vector>

namespace tenon::test {

using Runner = std::function<NamedTensors(const NamedTensors& inputs)>;

struct Way {
  std::string name;
  std::function<Runner(const Network&)> load;
};

// "raw": the imported graph on the reference backend.
std::vector<Way> ways();

}  // namespace tenon::test
