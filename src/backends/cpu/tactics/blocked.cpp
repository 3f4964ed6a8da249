#include "backends/cpu/tactics/blocked.hpp"

#include "backends/cpu/kernels/kernel.hpp"
#include "backends/cpu/tactics/checks.hpp"
#include "backends/cpu/tactics/cost.hpp"
#include "base/check.hpp"

#include <cstring>
#include <numeric>

namespace tenon::cpu {

bool is_blockable(const TensorType& type) noexcept {
  return type.dims && type.dims->size() >= 3 && type.dims->size() <= 5 && (*type.dims)[1].is_const();
}

double blocked_excess(const Operand& operand) {
  const auto channels = static_cast<double>(operand.dims.at(1));
  return channels == 0 ? 1 : static_cast<double>(round_up(operand.dims[1], kChannelBlock)) / channels;
}

double stored_bytes(const Operand& operand, const Layout& layout) {
  const DataType dtype = layout.stored.value_or(operand.type.as_tensor().dtype);
  const double excess = layout.is_row_major() ? 1 : blocked_excess(operand);
  return elements(operand.dims) * excess * bit_width(dtype) / 8.0;
}

Tensor block_constant(const Tensor& constant, std::size_t rank) {
  if (constant.elements() == 1) return constant.reshaped({});
  TENON_CHECK(constant.shape().size() <= rank, "a constant of rank {} for a tensor of rank {}",
              constant.shape().size(), rank);
  Shape shape = constant.shape();
  shape.insert(shape.begin(), rank - shape.size(), 1);
  const std::int64_t channels = shape[1];
  if (channels == 1) {
    shape.push_back(1);
    return constant.reshaped(std::move(shape));
  }
  const std::int64_t blocks = channel_blocks(channels);
  const std::int64_t pixels =
      std::accumulate(shape.begin() + 2, shape.end(), std::int64_t{1}, std::multiplies<>());
  const std::int64_t batch = shape[0];
  shape[1] = blocks;
  shape.push_back(kChannelBlock);
  Tensor stored(constant.dtype(), std::move(shape));
  const auto bytes = static_cast<std::int64_t>(bit_width(constant.dtype()) / 8);
  std::byte* to = stored.mutable_data();
  const std::byte* from = constant.data();
  for (std::int64_t n = 0; n < batch; ++n) {
    for (std::int64_t c = 0; c < channels; ++c) {
      for (std::int64_t p = 0; p < pixels; ++p, from += bytes) {
        const std::int64_t at =
            (((n * blocks + c / kChannelBlock) * pixels + p) * kChannelBlock + c % kChannelBlock);
        std::memcpy(to + at * bytes, from, static_cast<std::size_t>(bytes));
      }
    }
  }
  return stored;
}

std::vector<Candidate> with_stored_types(const Problem& problem, std::vector<Candidate> candidates,
                                         Stored which) {
  // Half the bytes, and some work for the conversion.
  constexpr double kShare = 0.6;
  const auto store = [&](const std::vector<Operand>& operands, std::vector<Layout>& layouts, DataType type) {
    for (std::size_t i = 0; i < operands.size(); ++i) {
      const bool f32 = operands[i].present && operands[i].type.is_tensor() &&
                       operands[i].type.as_tensor().dtype == DataType::f32;
      if (f32 && (operands[i].constant == nullptr || which == Stored::constants_too))
        layouts[i] = layouts[i].stored_as(type);
    }
  };
  const std::size_t count = candidates.size();
  for (const DataType type : problem.stored_types) {
    for (std::size_t i = 0; i < count; ++i) {
      Candidate stored = candidates[i];
      if (which == Stored::blocked && stored.outputs[0].is_plain()) continue;
      store(problem.inputs, stored.inputs, type);
      store(problem.outputs, stored.outputs, type);
      stored.estimate_ns = kCallNs + (stored.estimate_ns - kCallNs) * kShare;
      if (stored.inputs != candidates[i].inputs || stored.outputs != candidates[i].outputs)
        candidates.push_back(std::move(stored));
    }
  }
  return candidates;
}

std::vector<Candidate> plain_and_blocked(const Problem& problem, double plain_ns) {
  Candidate plain;
  plain.inputs.resize(problem.inputs.size());
  plain.outputs.resize(problem.outputs.size());
  plain.estimate_ns = plain_ns;
  std::vector<Candidate> candidates{plain};
  if (is_blockable(problem.input(0)) && is_blockable(problem.output()) &&
      problem.inputs[0].constant == nullptr) {
    Candidate in_blocks = plain;
    in_blocks.inputs[0] = blocked();
    in_blocks.outputs[0] = blocked();
    in_blocks.estimate_ns = plain_ns * blocked_excess(problem.inputs[0]);
    candidates.push_back(std::move(in_blocks));
  }
  return candidates;
}

}  // namespace tenon::cpu
