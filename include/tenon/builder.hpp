// Network and build: from a model file to an Engine.
#pragma once

#include <tenon/accuracy.hpp>
#include <tenon/device.hpp>
#include <tenon/engine.hpp>
#include <tenon/half_options.hpp>
#include <tenon/import.hpp>
#include <tenon/int8.hpp>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tenon {

class Graph;

// Progress of long work: what is being done, how much of it, of how much (0: unknown). Called from the
// building thread.
using ProgressFn = std::function<void(std::string_view stage, std::size_t done, std::size_t total)>;

// A network before it is built: what an importer read, or textual IR. Copies are deep.
class Network {
 public:
  // Any format, judged by extension and content (list_formats() in inspect.hpp); what is none of the others
  // is taken for ONNX. ModelError that lists every node that cannot be imported, with its reason.
  static Network load(const std::filesystem::path& path, const ImportOptions& options = {});
  static Network from_onnx(std::span<const std::byte> bytes);
  // Textual IR; `path` may have a side file path + ".blob" with its large constants.
  static Network load_text(const std::filesystem::path& path);
  static Network from_text(std::string_view text);

  explicit Network(Graph graph);
  Network(const Network&);
  Network(Network&&) noexcept;
  Network& operator=(const Network&);
  Network& operator=(Network&&) noexcept;
  ~Network();

  std::string name() const;
  std::vector<TensorInfo> inputs() const;  // without a profile: min = 0, max = -1 for symbolic dims
  std::vector<TensorInfo> outputs() const;
  std::string to_text() const;  // large constants by hash
  // Writes the text and, when there are large constants, path + ".blob".
  void save_text(const std::filesystem::path& path) const;
  // Writes an ONNX model (opset 23, or the first that has all its operators) that answers the same; constants
  // of more than 1 GiB together go to path + ".data". Fused operators are written as what they are made of;
  // taps are left out. ModelError that lists every node that ONNX cannot say, with its reason.
  void save_onnx(const std::filesystem::path& path) const;

  const Graph& graph() const noexcept { return *graph_; }
  Graph& graph() noexcept { return *graph_; }

 private:
  std::unique_ptr<Graph> graph_;
};

// Shapes that one input may take, or values of its elements. The three must agree in rank, min <= opt <= max.
struct ShapeRange {
  Shape min, opt, max;
};

// What an engine is asked to take: everything from min to max runs, opt is what it is fastest at.
struct OptimizationProfile {
  // By input name. Symbolic dims of inputs that are not named are 1; dims of one name have one range.
  std::map<std::string, ShapeRange> shapes;
  // By name of an i32 or i64 input of rank 0 or 1 whose elements become dims (the target of a Reshape, the
  // sizes of a Resize): the range of each element. Without it such dims are known only while running, which
  // is right but slow. An element with one value only may be negative.
  std::map<std::string, ShapeRange> values;
};

struct BuildOptions {
  Device device = Device::cpu;
  int threads = 0;  // 0: all cores this process may use
  // The only profile, as in OptimizationProfile; or several, and these two empty. Each is optimized for
  // itself; they share their weights where these are the same. A Context uses one at a time.
  std::map<std::string, ShapeRange> shapes, values;
  std::vector<OptimizationProfile> profiles;
  std::filesystem::path timing_cache;      // read if it exists, written back; empty: none
  bool optimize = true;                    // false: the graph as imported ("raw")
  bool measure = true;                     // false: choose by the cost model alone
  Accuracy accuracy = Accuracy::standard;  // which algorithms may be chosen
  double budget_s = 0;                     // seconds of measuring, then the cost model alone; 0: no limit
  bool portable = true;                    // keep the portable IR in the plan
  std::string pipeline;                    // empty: the default one
  std::uint64_t rule_order_seed = 0;       // 0: the listed order of rewrite rules
  std::optional<std::size_t> stop_after_rewrites;  // for bisection
  std::filesystem::path dump_dir;                  // IR after every pass; empty: none
  std::filesystem::path
      reproducer;  // where a failing pass leaves the IR before it and the rest of the pipeline
  std::optional<Int8Options> int8;  // layers on integers, where they pay
  HalfOptions half;                 // values, and layers, in 16-bit floats where that is faster
  bool taps = false;                // tapped values become outputs of the engine too, named as the taps
  ProgressFn progress;
};

struct BuildReport {
  struct Pass {
    std::string name;
    double ms = 0;
    std::size_t rewrites = 0;
  };
  std::vector<Pass> passes;
  std::size_t rewrites = 0;
  std::string last_rewrite;    // what the last one did, e.g. "fuse_activation at 'relu_3'"
  std::size_t timed = 0;       // candidates measured
  std::size_t cache_hits = 0;  // taken from the timing cache
  std::size_t cache_misses = 0;
  // Of the best assignments timed as whole networks, the one that promised most first; empty: none was close.
  // In order for each profile that had such.
  std::vector<double> network_ms;
  std::vector<LayerPrecision> layers;  // of a build with `int8`, in the order of execution
  std::vector<KeptLayer> kept;         // of a build with `half`, under the first profile, in the same order
  PrecisionCosts costs;                // likewise: the times that decided, for the first profile
  double seconds = 0;
};

// Optimizes, chooses, lowers. Deterministic for the same network, options and a complete timing cache.
Engine build(const Network& network, const BuildOptions& options = {}, BuildReport* report = nullptr);

// The network after its passes under the first profile, as text-able network (what `tenon dump --optimized`
// prints).
Network optimize(const Network& network, const BuildOptions& options = {}, BuildReport* report = nullptr);

// Loads a plan; where it does not fit this machine, builds it again from its portable section with these
// options.
Engine load_or_retune(const std::filesystem::path& path, const BuildOptions& options = {},
                      const LoadOptions& load = {});

}  // namespace tenon
