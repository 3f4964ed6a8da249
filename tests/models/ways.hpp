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

// "reference": the imported graph, evaluated on the reference backend. Engines for the CPU: "raw" without
// passes, "optimized" with passes and measured tactics, "reloaded" with passes and through a plan file;
// "written" with passes, through an ONNX file and back.
std::vector<Way> ways();

// An engine that stores values as that type where the cost model says so, through a plan file.
Runner load_half(const Network& network, DataType type);

}  // namespace tenon::test
