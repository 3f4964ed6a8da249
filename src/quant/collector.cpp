#include "quant/collector.hpp"

namespace tenon::quant {
Collector::Collector(CalibrationTable& table, std::vector<std::vector<Clamped>> parts, ValueCounter& counter)
    : table_(table), parts_(std::move(parts)), counter_(counter) {
  if (table.mode == CalibrationMode::faithful) parts_.clear();
  for (std::size_t i = parts_.size(); i < table.tensors.size(); ++i) parts_.push_back({Clamped{i}});
  if (table.mode == CalibrationMode::faithful) {
    waiting_.resize(table.tensors.size());
    return;
  }
  std::vector<float> caps(parts_.size(), kUnlimited);
  for (const auto& consists : parts_) {
    for (const Clamped& part : consists) caps[part.tensor] = std::min(caps[part.tensor], part.high);
  }
  tallies_.resize(parts_.size());
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    if (wants(i)) tallies_[i].emplace(caps[i]);
  }
}

bool Collector::add(std::size_t tensor, std::span<const float> values) {
  if (table_.mode == CalibrationMode::faithful)
    return observe_faithfully(table_.tensors[tensor], values, counter_, waiting_[tensor]);
  return tallies_[tensor]->add(values, counter_);
}

void Collector::flush() {
  for (std::size_t i = 0; i < waiting_.size(); ++i) settle_faithfully(table_.tensors[i], waiting_[i]);
  if (table_.mode == CalibrationMode::faithful) return;
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    for (const Clamped& part : parts_[i]) {
      tallies_[part.tensor]->pour(table_.tensors[i], part.low, part.high, part.zeros, part.per);
    }
  }
  for (auto& tally : tallies_) {
    if (tally) tally->clear();
  }
}

}  // namespace tenon::quant
