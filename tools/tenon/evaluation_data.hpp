// What evaluation runs on, and what it says: the sources of calibration_data.hpp with their labels.
#pragma once

#include "calibration_data.hpp"

#include <tenon/evaluate.hpp>

#include <nlohmann/json_fwd.hpp>

#include <string>
#include <vector>

namespace tenon::tool {

class EvaluationData final : public Samples {
 public:
  // As CalibrationData.
  EvaluationData(const std::vector<std::string>& sources, const InputArguments& pictures,
                 std::vector<TensorInfo> inputs, std::int64_t batch, std::string option = "--eval")
      : data_(sources, pictures, std::move(inputs), batch, {}, std::move(option)) {}

  std::optional<Batch> next_batch() override;
  void rewind() override { data_.rewind(); }
  std::uint64_t batch_count() const override { return data_.batch_count(); }

 private:
  CalibrationData data_;
};

nlohmann::ordered_json to_json(const Evaluation& evaluation);

// What a person reads; without what compares, when there was one engine only.
std::string text_of(const Evaluation& evaluation, bool compared);

}  // namespace tenon::tool
