// Verification: an optimized engine against the reference backend, node by node.
//
// Every tensor that a node of the network computes is tapped: it becomes observable in the engine, without
// changing what passes may fuse. Taps are compared in topological order. A tap may differ by
//     epsilon(dtype) × length × max |reference|
// where length is 8 plus the number of terms that the node sums into one element, added up along the longest
// path from the inputs. Where the build may store values in 16 bits, each node on the path adds 4 units of
// rounding, 2^-8 in bf16 and 2^-11 in f16, as errors that do not depend on each other: the root of the sum of
// their squares. A tap that differs by more is compared again, with what the reference backend makes
// of the engine's own operands of that node, so that neither a difference that the node inherited nor a
// rounding that flipped a comparison counts against it. The first tap that differs then too names the
// culprit. Bisection over the number of rewrites finds the one that broke it.
#pragma once

#include <tenon/builder.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace tenon {

struct VerifyOptions {
  BuildOptions build;                    // of the engine under test, whose accuracy is always exact
  std::map<std::string, Tensor> inputs;  // by name; the others are random_tensor(seed)
  std::uint64_t seed = 1;
  double tolerance_factor = 1;  // multiplies what a tap may differ by
  bool bisect = true;
};

struct TapResult {
  std::string name;      // of the value
  std::string location;  // source node
  std::string op;
  DataType dtype = DataType::f32;
  Shape shape;
  double difference = 0;  // largest |engine - reference|
  double allowed = 0;
  bool inherited = false;  // beyond the allowed difference, but right for the engine's own operands
  bool ok = true;
  // At the largest difference.
  std::int64_t index = -1;  // row-major; -1 when nothing differs
  double expected = 0;
  double found = 0;
  std::string problem;  // instead of numbers: "shape [1, 3] instead of [1, 4]"
};

struct VerifyReport {
  std::vector<TapResult> taps;       // topological
  std::optional<std::size_t> first;  // index of the first tap that is not ok
  std::size_t rewrites = 0;          // that the passes made

  struct Culprit {
    std::size_t rewrite = 0;  // the engine is right after rewrite - 1 of them; 0: wrong without any
    std::string pass;         // empty when rewrite is 0: a tactic is wrong, not a pass
    std::string description;  // the rewrite, or the tactic that computes the tap
  };
  std::optional<Culprit> culprit;

  bool ok() const noexcept { return !first.has_value(); }
};

// ModelError when the network or the inputs are wrong; differences are in the report.
VerifyReport verify(const Network& network, const VerifyOptions& options = {});

}  // namespace tenon
