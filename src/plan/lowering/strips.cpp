#include "plan/lowering/strips.hpp"

#include "plan/control_scratch.hpp"
#include "plan/lowering/body_steps.hpp"
#include "plan/lowering/finish.hpp"
#include "plan/strips.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

namespace tenon {
namespace {

// What a byte costs that is copied within a core's cache.
constexpr double kNearNs = 0.03;
// Part of the cache that a strip may take up beside weights.
constexpr std::int64_t kPartOfCache = 2;
constexpr std::size_t kLongest = 8;  // steps in a strip
constexpr std::int64_t kRowsAligned = 4;

// Rows of an image.
struct Rows {
  std::int64_t first = 0;
  std::int64_t end = 0;
  std::int64_t count() const { return end - first; }
};

// A step of a strip: what it reads and computes, and how much of the window lies outside of the image.
struct Part {
  Rows in;
  Rows out;
  std::int64_t pad_top = 0;
  std::int64_t pad_bottom = 0;
};

using Strip = std::vector<Part>;

struct Link {
  std::optional<RowWindow> window;  // nothing: no step for strips
  std::int64_t in_rows = 0;
  std::int64_t out_rows = 0;
};

std::int64_t image_bytes(const StepList& list, BufferId id, std::int64_t rows) {
  const TensorType& type = list.buffer(id).type.as_tensor();
  const Dims& dims = *type.dims;
  return storage_bytes(type, {1, dims[1].value(), rows, dims[3].value()});
}

std::int64_t rows_of(const StepList& list, BufferId id) {
  return (*list.buffer(id).type.as_tensor().dims)[2].value();
}

class Cutter {
 public:
  Cutter(const Plan& plan, StepList& list, const StepRegistry& steps, const StripOptions& options)
      : plan_(plan), list_(list), registry_(steps), options_(options) {}

  bool run() {
    for (std::size_t i = 0; i < list_.steps.size(); ++i) links_.push_back(link_of(i));
    count_readers();
    std::vector<PlanStep> steps;
    bool cut = false;
    for (std::size_t i = 0; i < list_.steps.size();) {
      const std::size_t end = end_of_chain(i);
      for (const auto& [first, last, rows] : best_cuts(i, end)) {
        std::optional<PlanStep> strips = rows == 0 ? std::nullopt : strips_of(first, last, rows);
        if (strips && options_.take && !options_.take(*strips)) strips.reset();
        cut = cut || strips.has_value();
        if (strips) {
          steps.push_back(std::move(*strips));
        } else {
          std::move(list_.steps.begin() + static_cast<std::ptrdiff_t>(first),
                    list_.steps.begin() + static_cast<std::ptrdiff_t>(last), std::back_inserter(steps));
        }
      }
      i = end;
    }
    list_.steps = std::move(steps);
    if (!cut) return false;
    drop_unused_buffers(list_);
    place_buffers(list_);
    return true;
  }

 private:
  struct Cut {
    std::size_t first;
    std::size_t last;   // behind it
    std::int64_t rows;  // of a strip; 0: not cut
  };

  Link link_of(std::size_t i) const {
    const PlanStep& step = list_.steps[i];
    const auto is_image = [&](BufferId id) {
      return id.valid() && strip_layout(list_.buffer(id).type).has_value() &&
             list_.buffer(root_buffer(list_, id)).storage != Buffer::Storage::dynamic;
    };
    Link link;
    if (!step.bodies.empty() || step.inputs.empty() || step.outputs.size() != 1) return link;
    if (!is_image(step.outputs[0])) return link;
    link.out_rows = rows_of(list_, step.outputs[0]);
    for (std::size_t k = 0; k < step.inputs.size(); ++k) {
      if (!is_image(step.inputs[k])) return link;
      if (k > 0 && rows_of(list_, step.inputs[k]) != link.out_rows) return link;
    }
    link.in_rows = rows_of(list_, step.inputs[0]);
    if (link.in_rows > 0 && link.out_rows > 0)
      link.window = create_step(plan_, list_, step, registry_)->row_window();
    return link;
  }

  void count_readers() {
    readers_.assign(list_.buffers.size(), 0);
    for (const PlanStep& step : list_.steps) {
      for (const BufferId id : step.inputs) {
        if (id.valid()) ++readers_[id.value];
      }
    }
    // What is seen under another name, or from outside, has more readers than steps.
    constexpr int kMany = 2;
    for (const Buffer& buffer : list_.buffers) {
      if (buffer.alias_of.valid()) readers_[buffer.alias_of.value] += kMany;
    }
    for (const PlanTensor& output : list_.outputs) readers_[output.buffer.value] += kMany;
  }

  // Behind the steps from `i` on of which each reads nothing but what the last one gave, or values from
  // outside.
  std::size_t end_of_chain(std::size_t i) const {
    std::size_t end = i + 1;
    if (!links_[i].window) return end;
    while (end < list_.steps.size() && links_[end].window) {
      const BufferId between = list_.steps[end - 1].outputs[0];
      const Buffer& buffer = list_.buffer(between);
      if (list_.steps[end].inputs[0] != between || readers_[between.value] != 1 ||
          buffer.storage != Buffer::Storage::arena)
        break;
      ++end;
    }
    return end;
  }

  // The cuts of a chain that promise most together.
  std::vector<Cut> best_cuts(std::size_t begin, std::size_t end) const {
    struct Best {
      double gain = 0;
      Cut last{};
    };
    std::vector<Best> best(end - begin + 1);
    for (std::size_t last = begin + 1; last <= end; ++last) {
      Best& here = best[last - begin];
      here = {best[last - 1 - begin].gain, {last - 1, last, 0}};
      for (std::size_t first = last - 1; first > begin && last - (first - 1) <= kLongest;) {
        --first;
        const auto [gain, rows] = gain_of(first, last);
        if (rows > 0 && best[first - begin].gain + gain > here.gain)
          here = {best[first - begin].gain + gain, {first, last, rows}};
      }
    }
    std::vector<Cut> cuts;
    for (std::size_t at = end; at > begin; at = cuts.back().first) cuts.push_back(best[at - begin].last);
    std::reverse(cuts.begin(), cuts.end());
    return cuts;
  }

  // Which rows each step computes for rows `out` of the last result.
  Strip strip_of(std::size_t first, std::size_t last, Rows out) const {
    Strip strip(last - first);
    for (std::size_t i = last; i-- > first;) {
      const RowWindow& w = *links_[i].window;
      const std::int64_t begin = out.first * w.stride - w.pad;
      const std::int64_t end = (out.end - 1) * w.stride - w.pad + w.reach;
      Part& part = strip[i - first];
      part.out = out;
      part.in = {std::max<std::int64_t>(begin, 0), std::min(end, links_[i].in_rows)};
      part.pad_top = part.in.first - begin;
      part.pad_bottom = end - part.in.end;
      out = part.in;
    }
    return strip;
  }

  std::vector<Strip> strips(std::size_t first, std::size_t last, std::int64_t rows) const {
    std::vector<Strip> all;
    const std::int64_t height = links_[last - 1].out_rows;
    for (std::int64_t row = 0; row < height; row += rows)
      all.push_back(strip_of(first, last, {row, std::min(row + rows, height)}));
    return all;
  }

  // Bytes that a strip reads, computes and writes.
  std::int64_t strip_bytes(std::size_t first, const Strip& strip) const {
    std::int64_t bytes = 0;
    for (std::size_t k = 0; k < strip.size(); ++k) {
      const PlanStep& step = list_.steps[first + k];
      bytes += image_bytes(list_, step.outputs[0], strip[k].out.count());
      if (k == 0) bytes += image_bytes(list_, step.inputs[0], strip[k].in.count());
      for (std::size_t i = 1; i < step.inputs.size(); ++i)
        bytes += image_bytes(list_, step.inputs[i], strip[k].out.count());
    }
    return bytes;
  }

  double weight_bytes(std::size_t first, std::size_t last) const {
    double bytes = 0;
    for (std::size_t i = first; i < last; ++i) {
      for (const std::uint32_t blob : list_.steps[i].weights)
        bytes += static_cast<double>(plan_.blobs[blob].size_bytes());
    }
    return bytes;
  }

  double batch_of(std::size_t step) const {
    SymbolValues symbols;
    for (const PlanSymbol& symbol : list_.symbols) symbols[symbol.name] = symbol.opt;
    const auto batch = (*list_.buffer(list_.steps[step].outputs[0]).type.as_tensor().dims)[0].eval(symbols);
    return static_cast<double>(batch.value_or(1));
  }

  // Time that is gained by strips of so many rows; nothing where they do not fit into the cache.
  std::optional<double> gain_with(std::size_t first, std::size_t last, std::int64_t rows) const {
    const std::vector<Strip> all = strips(first, last, rows);
    const auto empty = [](const Part& part) { return part.in.count() <= 0; };
    for (const Strip& strip : all) {
      if (std::any_of(strip.begin(), strip.end(), empty)) return std::nullopt;  // it sees nothing but padding
    }
    const double batch = batch_of(first), threads = options_.threads;
    const std::int64_t room = options_.cache_bytes / kPartOfCache;
    double gain = 0;
    for (std::size_t k = 0; k < last - first; ++k) {
      const PlanStep& step = list_.steps[first + k];
      double computed = 0;
      for (const Strip& strip : all) computed += static_cast<double>(strip[k].out.count());
      gain -= step.expected_ns * (computed / static_cast<double>(links_[first + k].out_rows) - 1);
      double copied = 0;
      for (std::size_t i = k == 0 ? 0 : 1; i < step.inputs.size(); ++i)
        copied += static_cast<double>(image_bytes(list_, step.inputs[i], rows_of(list_, step.inputs[i])));
      const double result =
          batch * static_cast<double>(image_bytes(list_, step.outputs[0], links_[first + k].out_rows));
      if (first + k + 1 == last) {
        copied += result / batch;
      } else if (result > static_cast<double>(room)) {
        gain += 2 * result * kFarNs / threads;
      }
      gain -= 2 * batch * copied * kNearNs / threads;
    }
    if (strip_bytes(first, all[all.size() / 2]) > room) return std::nullopt;
    const double units = batch * static_cast<double>(all.size());
    // Weights that do not stay are read again for each strip.
    const double weights = weight_bytes(first, last);
    if (weights > static_cast<double>(room)) gain -= (units - 1) * weights * kFarNs / threads;
    const double turns = std::ceil(units / threads) * threads / units;
    double whole = 0;
    for (std::size_t i = first; i < last; ++i) whole += list_.steps[i].expected_ns;
    return gain - whole * (turns - 1);
  }

  struct Gain {
    double ns = 0;
    std::int64_t rows = 0;  // 0: none
  };

  Gain gain_of(std::size_t first, std::size_t last) const {
    Gain best;
    const std::int64_t height = links_[last - 1].out_rows;
    std::int64_t before = 0;
    for (std::int64_t count = 2; count <= height; ++count) {
      const std::int64_t rows = std::min(
          (((height + count - 1) / count + kRowsAligned - 1) / kRowsAligned) * kRowsAligned, height - 1);
      if (rows == before || rows < 1) continue;
      before = rows;
      const std::optional<double> ns = gain_with(first, last, rows);
      if (!ns) continue;
      const double gain =
          options_.always ? 1e6 * static_cast<double>(last - first) + 1.0 / static_cast<double>(rows) : *ns;
      if (gain > best.ns) best = {gain, rows};
    }
    return best;
  }

  // The step that runs [first, last) in strips; nothing if a step does not take images of such a height.
  std::optional<PlanStep> strips_of(std::size_t first, std::size_t last, std::int64_t rows) const {
    PlanStep whole;
    whole.kind = std::string(kStripsStep);
    for (std::size_t i = first; i < last; ++i) {
      const PlanStep& step = list_.steps[i];
      for (std::size_t k = i == first ? 0 : 1; k < step.inputs.size(); ++k)
        whole.inputs.push_back(step.inputs[k]);
      whole.expected_ns += step.expected_ns;
    }
    const PlanStep &front = list_.steps[first], &back = list_.steps[last - 1];
    whole.outputs = back.outputs;
    whole.label = fmt::format("{} … {}", front.label, back.label);
    whole.op = fmt::format("{} steps in strips", last - first);
    whole.tactic = fmt::format("{}{{rows={}}}", kStripsStep, rows);

    std::map<std::vector<std::int64_t>, std::int64_t> known;  // what bodies differ in
    std::vector<std::int64_t> bodies, out_rows;
    std::vector<std::vector<std::int64_t>> in_rows(whole.inputs.size());
    std::uint64_t scratch = 0;
    for (const Strip& strip : strips(first, last, rows)) {
      std::vector<std::int64_t> shape;
      for (const Part& part : strip)
        shape.insert(shape.end(), {part.in.count(), part.out.count(), part.pad_top, part.pad_bottom});
      const auto [at, is_new] = known.emplace(std::move(shape), static_cast<std::int64_t>(known.size()));
      if (is_new) {
        std::optional<StepList> body = body_of(first, strip);
        if (!body) return std::nullopt;
        scratch = std::max(scratch, strip_scratch(*body));
        whole.bodies.push_back(std::move(*body));
      }
      bodies.push_back(at->second);
      out_rows.push_back(strip.back().out.first);
      std::size_t input = 0;
      for (std::size_t k = 0; k < strip.size(); ++k) {
        if (k == 0) in_rows[input++].push_back(strip[k].in.first);
        for (std::size_t i = 1; i < list_.steps[first + k].inputs.size(); ++i)
          in_rows[input++].push_back(strip[k].out.first);
      }
    }
    whole.params = {{"body", std::move(bodies)}, {"row", std::move(out_rows)}};
    for (std::size_t i = 0; i < in_rows.size(); ++i)
      whole.params.push_back({fmt::format("row{}", i), std::move(in_rows[i])});
    whole.scratch_bytes = scratch * static_cast<std::uint64_t>(options_.threads);
    return whole;
  }

  static BufferId add_strip(StepList& body, const StepList& list, BufferId of, std::int64_t rows,
                            Buffer::Storage storage) {
    TensorType type = list.buffer(of).type.as_tensor();
    (*type.dims)[0] = Dim(1);
    (*type.dims)[2] = Dim(rows);
    return add_piece(body, list.buffer(of), std::move(type), image_bytes(list, of, rows), storage);
  }

  std::optional<StepList> body_of(std::size_t first, const Strip& strip) const {
    StepList body;
    BufferId between;
    const auto add_input = [&](BufferId of, std::int64_t rows) {
      const BufferId id = add_strip(body, list_, of, rows, Buffer::Storage::input);
      body.buffers[id.value].index = static_cast<std::uint32_t>(body.inputs.size());
      body.inputs.push_back({body.buffer(id).name, id});
      return id;
    };
    for (std::size_t k = 0; k < strip.size(); ++k) {
      const bool last = k + 1 == strip.size();
      PlanStep step = list_.steps[first + k];
      step.inputs[0] = k == 0 ? add_input(step.inputs[0], strip[k].in.count()) : between;
      for (std::size_t i = 1; i < step.inputs.size(); ++i)
        step.inputs[i] = add_input(step.inputs[i], strip[k].out.count());
      between = add_strip(body, list_, step.outputs[0], strip[k].out.count(),
                          last ? Buffer::Storage::output : Buffer::Storage::arena);
      step.outputs[0] = between;
      set_row_padding(step.params, strip[k].pad_top, strip[k].pad_bottom);
      step.serial = true;
      const std::optional<SerialStep> known = serial_step(plan_, body, step, registry_);
      if (!known) return std::nullopt;
      step.scratch_bytes = known->scratch_bytes;
      body.steps.push_back(std::move(step));
    }
    body.outputs.push_back({body.buffer(between).name, between});
    place_buffers(body);
    return body;
  }

  const Plan& plan_;
  StepList& list_;
  const StepRegistry& registry_;
  const StripOptions& options_;
  std::vector<Link> links_;
  std::vector<int> readers_;  // of each buffer
};

}  // namespace

bool cut_into_strips(Plan& plan, const StepRegistry& steps, const StripOptions& options) {
  bool cut = false;
  for (PlanProfile& profile : plan.profiles) cut = Cutter(plan, profile, steps, options).run() || cut;
  return cut;
}

}  // namespace tenon
