#include "quant/choose_calibrators.hpp"

#include "base/check.hpp"

namespace tenon::quant {

std::map<std::string, CalibrationRule> choose_calibrators(const std::vector<Layer>& layers,
                                                          const std::vector<CalibrationRule>& rules,
                                                          const std::vector<std::vector<LayerLoss>>& losses) {
  TENON_CHECK(rules.size() == losses.size(), "{} rules, {} losses", rules.size(), losses.size());
  std::map<std::string, std::vector<double>> sums;
  for (std::size_t r = 0; r < rules.size(); ++r) {
    for (std::size_t l = 0; l < layers.size(); ++l) {
      std::vector<double>& sum = sums[layers[l].input_name];
      sum.resize(rules.size());
      const LayerLoss& loss = losses[r].at(l);
      if (loss.signal > 0) sum[r] += loss.noise / loss.signal;
    }
  }
  std::map<std::string, CalibrationRule> chosen;
  for (const auto& [tensor, sum] : sums) {
    std::size_t best = 0;
    for (std::size_t r = 1; r < rules.size(); ++r) {
      if (sum[r] < sum[best]) best = r;
    }
    chosen.emplace(tensor, rules[best]);
  }
  return chosen;
}

}  // namespace tenon::quant
