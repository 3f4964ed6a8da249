#include "backends/ref/elements.hpp"
#include "base/check.hpp"

namespace tenon {
namespace ref {
namespace {

void run_sequence_construct(const Op&, const Call& call) {
  call.outputs[0] = SequenceData{{call.inputs.begin(), call.inputs.end()}};
}

void run_sequence_empty(const Op&, const Call& call) { call.outputs[0] = SequenceData{}; }

void run_sequence_at(const Op&, const Call& call) {
  const auto& elements = call.inputs[0].sequence().elements;
  const std::int64_t position = int_scalar(call.in(1));
  const std::int64_t at = checked_index("sequence_at", position, static_cast<std::int64_t>(elements.size()));
  call.outputs[0] = elements[static_cast<std::size_t>(at)];
}

void run_sequence_insert(const Op&, const Call& call) {
  SequenceData sequence = call.inputs[0].sequence();
  const auto count = static_cast<std::int64_t>(sequence.elements.size());
  std::int64_t position = call.has(2) ? int_scalar(call.in(2)) : count;
  TENON_REQUIRE(position >= -count && position <= count, "sequence_insert: position {} is outside [-{}, {}]",
                position, count, count);
  if (position < 0) position += count;
  sequence.elements.insert(sequence.elements.begin() + position, call.inputs[1]);
  call.outputs[0] = std::move(sequence);
}

void run_sequence_erase(const Op&, const Call& call) {
  SequenceData sequence = call.inputs[0].sequence();
  const std::int64_t position = call.has(1) ? int_scalar(call.in(1)) : -1;
  const std::int64_t at =
      checked_index("sequence_erase", position, static_cast<std::int64_t>(sequence.elements.size()));
  sequence.elements.erase(sequence.elements.begin() + at);
  call.outputs[0] = std::move(sequence);
}

void run_sequence_length(const Op&, const Call& call) {
  call.out().mutable_values<std::int64_t>()[0] =
      static_cast<std::int64_t>(call.inputs[0].sequence().elements.size());
}

}  // namespace
}  // namespace ref

void register_ref_sequence(ref::Registry& registry) {
  registry.add("sequence_construct", ref::run_sequence_construct);
  registry.add("sequence_empty", ref::run_sequence_empty);
  registry.add("sequence_at", ref::run_sequence_at);
  registry.add("sequence_insert", ref::run_sequence_insert);
  registry.add("sequence_erase", ref::run_sequence_erase);
  registry.add("sequence_length", ref::run_sequence_length);
}

}  // namespace tenon
