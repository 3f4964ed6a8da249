#include "evaluation_data.hpp"

#include "table.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cmath>

namespace tenon::tool {
namespace {

nlohmann::ordered_json number(double value) {
  return std::isfinite(value) ? nlohmann::ordered_json(value) : nlohmann::ordered_json(nullptr);
}

nlohmann::ordered_json to_json(const Estimate& estimate) {
  return {{"value", number(estimate.value)}, {"low", number(estimate.low)}, {"high", number(estimate.high)}};
}

// "88.25 % (84.71 to 91.06)"
std::string percent(const Estimate& estimate) {
  return fmt::format("{:.2f} % ({:.2f} to {:.2f})", 100 * estimate.value, 100 * estimate.low,
                     100 * estimate.high);
}

}  // namespace

std::optional<Samples::Batch> EvaluationData::next_batch() {
  auto inputs = data_.next_batch();
  if (!inputs) return std::nullopt;
  return Batch{std::move(*inputs), data_.labels()};
}

nlohmann::ordered_json to_json(const Evaluation& evaluation) {
  nlohmann::ordered_json json;
  json["samples"] = evaluation.samples;
  json["labelled"] = evaluation.labelled;
  if (evaluation.top1) {
    json["reference_right"] = evaluation.reference_right;
    json["right"] = evaluation.right;
    json["lost"] = evaluation.lost;
    json["gained"] = evaluation.gained;
    json["reference_top1"] = to_json(*evaluation.reference_top1);
    json["top1"] = to_json(*evaluation.top1);
  }
  if (evaluation.agreement) {
    json["agreement"] = to_json(*evaluation.agreement);
    json["kl"] = to_json(*evaluation.divergence);
  }
  json["outputs"] = nlohmann::ordered_json::array();
  for (const Evaluation::Output& output : evaluation.outputs) {
    json["outputs"].push_back({{"name", output.name},
                               {"cosine", to_json(output.cosine)},
                               {"lowest_cosine", output.lowest_cosine},
                               {"sqnr_db", number(output.sqnr_db)}});
  }
  return json;
}

std::string text_of(const Evaluation& evaluation, bool compared) {
  std::string text = fmt::format("{} samples, {} with a label (in brackets: 95 % intervals)\n",
                                 evaluation.samples, evaluation.labelled);
  if (evaluation.top1) {
    text += fmt::format("top-1      {}\n", percent(*evaluation.top1));
    if (compared) {
      text += fmt::format("reference  {}: {} lost, {} gained\n", percent(*evaluation.reference_top1),
                          evaluation.lost, evaluation.gained);
    }
  }
  if (!compared) return text;
  if (evaluation.agreement) {
    const Estimate& kl = *evaluation.divergence;
    text += fmt::format("same class {}\n", percent(*evaluation.agreement));
    text += fmt::format("mean KL    {:.3g} ({:.3g} to {:.3g})\n", kl.value, kl.low, kl.high);
  }
  Table table({"output", "cosine", "from", "to", "lowest", "SQNR"}, {1, 2, 3, 4, 5});
  for (const Evaluation::Output& output : evaluation.outputs) {
    const Estimate& cosine = output.cosine;
    table.add({shorten(output.name, 40), fmt::format("{:.6f}", cosine.value),
               fmt::format("{:.6f}", cosine.low), fmt::format("{:.6f}", cosine.high),
               fmt::format("{:.6f}", output.lowest_cosine), fmt::format("{:.1f} dB", output.sqnr_db)});
  }
  return text + table.text();
}

}  // namespace tenon::tool
