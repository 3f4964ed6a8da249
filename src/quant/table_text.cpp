// The text of a calibration table: one fact a line, first word says which.
//
//   tenon calibration table 1
//   network "resnet50"
//   graph 0123456789abcdef0123456789abcdef
//   mode order-independent | faithful
//   observed unfused | fused
//   batch-size 1
//   batches 40
//   shards 1 3 of 3
//   finished yes | no
//   tensor "conv1" f32
//   elements 800000
//   extremes -1.5 2.25
//   averages -1.25 2                 faithful mode only
//   width 0.0009765625
//   negative 0:12 3 5 40:7           bin:count, then the counts of the bins that follow
//   positive ...
//   range entropy-2 2.1 -1.5 2.1     rule, threshold, low, high
//
// A tensor without elements has ranges only.
#include "base/check.hpp"
#include "base/text.hpp"

#include <tenon/calibration_table.hpp>
#include <tenon/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <iterator>
#include <set>
#include <type_traits>

namespace tenon {
namespace {

constexpr std::string_view kHeader = "tenon calibration table 1";
constexpr std::uint32_t kMostShards = 65536;

void print_bins(std::string& out, std::string_view key, std::span<const std::uint64_t> bins) {
  out += key;
  bool running = false;
  for (std::size_t i = 0; i < bins.size(); ++i) {
    if (bins[i] == 0) {
      running = false;
    } else {
      if (running) {
        fmt::format_to(std::back_inserter(out), " {}", bins[i]);
      } else {
        fmt::format_to(std::back_inserter(out), " {}:{}", i, bins[i]);
      }
      running = true;
    }
  }
  out += '\n';
}

void print_tensor(std::string& out, const CalibratedTensor& tensor, CalibrationMode mode) {
  auto to = std::back_inserter(out);
  fmt::format_to(to, "tensor {} {}\n", quote_literal(tensor.name), name(tensor.dtype));
  fmt::format_to(to, "elements {}\n", tensor.elements);
  if (tensor.elements > 0) {
    fmt::format_to(to, "extremes {} {}\n", tensor.min, tensor.max);
    if (mode == CalibrationMode::faithful)
      fmt::format_to(to, "averages {} {}\n", tensor.average_min, tensor.average_max);
    fmt::format_to(to, "width {}\n", tensor.histogram.width);
    print_bins(out, "negative", tensor.histogram.negative);
    print_bins(out, "positive", tensor.histogram.positive);
  }
  for (const TensorRange& range : tensor.ranges) {
    fmt::format_to(to, "range {} {} {} {}\n", to_string(range.rule), range.threshold, range.low, range.high);
  }
}

class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  CalibrationTable read() {
    next();
    demand(line_ == kHeader, fmt::format("a table begins with \"{}\"", kHeader));
    CalibrationTable table;
    table.network = unquote_literal(value_of("network"));
    table.graph = value_of("graph");
    demand(table.graph.size() == 32 && table.graph.find_first_not_of("0123456789abcdef") == std::string::npos,
           "expected 32 hexadecimal digits");
    table.mode = choice("mode", "order-independent", "faithful") ? CalibrationMode::order_independent
                                                                 : CalibrationMode::faithful;
    table.fused = choice("observed", "fused", "unfused");
    table.batch_size = static_cast<std::int64_t>(number<std::uint32_t>(value_of("batch-size")));
    table.batches = number<std::uint64_t>(value_of("batches"));
    read_shards(value_of("shards"), table);
    table.finished = choice("finished", "yes", "no");
    std::set<std::string> names;
    more_ = next();
    while (more_) {
      CalibratedTensor tensor = read_tensor(table.mode);
      demand(names.insert(tensor.name).second, fmt::format("tensor {} is there twice", quote(tensor.name)));
      table.tensors.push_back(std::move(tensor));
    }
    return table;
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    throw ModelError(
        fmt::format("calibration table, line {}: {}, found {}", number_, what, quote(line_.substr(0, 60))));
  }
  void demand(bool condition, const std::string& what) const {
    if (!condition) fail(what);
  }

  bool next() {
    if (rest_.empty()) {
      line_ = {};
      return false;
    }
    const std::size_t end = std::min(rest_.find('\n'), rest_.size());
    line_ = rest_.substr(0, end);
    rest_.remove_prefix(std::min(end + 1, rest_.size()));
    ++number_;
    return true;
  }

  bool is(std::string_view key) const {
    return line_.starts_with(key) && (line_.size() == key.size() || line_[key.size()] == ' ');
  }

  // What follows the key on the current line.
  std::string_view argument(std::string_view key) const {
    demand(is(key), fmt::format("expected \"{} …\"", key));
    return line_.substr(std::min(key.size() + 1, line_.size()));
  }
  // The same of the next line.
  std::string_view value_of(std::string_view key) {
    next();
    return argument(key);
  }

  bool choice(std::string_view key, std::string_view yes, std::string_view no) {
    const std::string_view value = value_of(key);
    demand(value == yes || value == no, fmt::format("expected {} or {}", yes, no));
    return value == yes;
  }

  template <class T>
  T number(std::string_view text) const {
    T value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    demand(error == std::errc() && end == text.data() + text.size() && !text.empty(), "expected a number");
    if constexpr (std::is_floating_point_v<T>) demand(std::isfinite(value), "expected a finite number");
    return value;
  }

  template <std::size_t N>
  std::array<float, N> floats(std::string_view text) const {
    const auto words = split(text, ' ');
    demand(words.size() == N, fmt::format("expected {} numbers", N));
    std::array<float, N> values{};
    for (std::size_t i = 0; i < N; ++i) values[i] = number<float>(words[i]);
    return values;
  }

  void read_shards(std::string_view text, CalibrationTable& table) const {
    const auto words = split(text, ' ');
    demand(words.size() >= 3 && words[words.size() - 2] == "of", "expected \"shards I … of N\"");
    table.shard_count = number<std::uint32_t>(words.back());
    demand(table.shard_count >= 1 && table.shard_count <= kMostShards, "1 to 65536 shards");
    table.shards.clear();
    for (std::size_t i = 0; i + 2 < words.size(); ++i) {
      const auto shard = number<std::uint32_t>(words[i]);
      demand(shard >= 1 && shard <= table.shard_count && (i == 0 || shard - 1 > table.shards.back()),
             "shards ascend from 1 to their count");
      table.shards.push_back(shard - 1);
    }
  }

  CalibratedTensor read_tensor(CalibrationMode mode) {
    CalibratedTensor tensor;
    const std::string_view title = argument("tensor");
    const std::size_t blank = title.rfind(' ');
    demand(blank != std::string_view::npos, "expected a name and a type");
    tensor.name = unquote_literal(title.substr(0, blank));
    const auto dtype = parse_data_type(title.substr(blank + 1));
    demand(dtype && is_floating_point(*dtype), "expected a floating-point type");
    tensor.dtype = *dtype;
    tensor.elements = number<std::uint64_t>(value_of("elements"));
    if (tensor.elements > 0) read_observed(tensor, mode);
    while ((more_ = next()) && is("range")) tensor.ranges.push_back(read_range());
    return tensor;
  }

  void read_observed(CalibratedTensor& tensor, CalibrationMode mode) {
    const auto extremes = floats<2>(value_of("extremes"));
    demand(extremes[0] <= extremes[1], "expected the smallest and the largest value");
    tensor.min = extremes[0];
    tensor.max = extremes[1];
    if (mode == CalibrationMode::faithful) {
      const auto averages = floats<2>(value_of("averages"));
      demand(averages[0] <= averages[1], "expected the smaller average first");
      tensor.average_min = averages[0];
      tensor.average_max = averages[1];
    }
    TensorHistogram& histogram = tensor.histogram;
    histogram.width = number<float>(value_of("width"));
    int exponent = 0;
    demand(histogram.width >= 0 && histogram.width <= 0x1p117F &&
               (mode == CalibrationMode::faithful || histogram.width == 0 ||
                std::frexp(histogram.width, &exponent) == 0.5F),
           "expected the width of a bin");
    std::uint64_t counted = 0;
    read_bins(value_of("negative"), histogram.negative, counted);
    read_bins(value_of("positive"), histogram.positive, counted);
    demand(counted == tensor.elements, fmt::format("the counts do not add up to {}", tensor.elements));
  }

  void read_bins(std::string_view text, std::vector<std::uint64_t>& bins, std::uint64_t& counted) const {
    if (text.empty()) return;
    std::size_t at = 0;
    bool started = false;
    for (const std::string_view word : split(text, ' ')) {
      const std::size_t colon = word.find(':');
      if (colon != std::string_view::npos) {
        const auto bin = number<std::uint32_t>(word.substr(0, colon));
        demand(!started || bin > at, "bins ascend");
        at = bin;
        started = true;
      }
      demand(started && at < TensorHistogram::kBins,
             fmt::format("expected bins 0 to {}", TensorHistogram::kBins - 1));
      const auto count = number<std::uint64_t>(word.substr(colon == std::string_view::npos ? 0 : colon + 1));
      demand(count > 0 && counted + count > counted, "expected a count");
      counted += count;
      bins[at++] = count;
    }
  }

  TensorRange read_range() const {
    const std::string_view text = argument("range");
    const std::size_t blank = text.find(' ');
    demand(blank != std::string_view::npos, "expected a calibrator and three numbers");
    TensorRange range;
    range.rule = parse_calibration_rule(text.substr(0, blank));
    const auto values = floats<3>(text.substr(blank + 1));
    demand(values[0] >= 0 && values[1] <= 0 && values[2] >= 0, "expected a range around zero");
    range.threshold = values[0];
    range.low = values[1];
    range.high = values[2];
    return range;
  }

  std::string_view rest_;
  std::string_view line_;
  std::size_t number_ = 0;
  bool more_ = false;
};

}  // namespace

std::string CalibrationTable::to_text() const {
  std::string out = fmt::format("{}\n", kHeader);
  auto to = std::back_inserter(out);
  fmt::format_to(to, "network {}\n", quote_literal(network));
  fmt::format_to(to, "graph {}\n", graph);
  fmt::format_to(to, "mode {}\n", mode == CalibrationMode::faithful ? "faithful" : "order-independent");
  fmt::format_to(to, "observed {}\n", fused ? "fused" : "unfused");
  fmt::format_to(to, "batch-size {}\nbatches {}\nshards", batch_size, batches);
  for (const std::uint32_t shard : shards) fmt::format_to(to, " {}", shard + 1);
  fmt::format_to(to, " of {}\nfinished {}\n", shard_count, finished ? "yes" : "no");
  for (const CalibratedTensor& tensor : tensors) print_tensor(out, tensor, mode);
  return out;
}

CalibrationTable CalibrationTable::parse(std::string_view text) { return Reader(text).read(); }

}  // namespace tenon
