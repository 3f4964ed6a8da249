#include "backends/plugin/tactics/plugin_tactic.hpp"

#include "backends/plugin/steps/plugin_step.hpp"
#include "backends/ref/steps/ref_steps.hpp"
#include "plugins/plugin_op.hpp"

#include <tenon/error.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace tenon {
namespace {

class PluginTactic final : public Tactic {
 public:
  explicit PluginTactic(Device device)
      : device_(device), name_(fmt::format("plugin.{}", device_name(device))) {}
  std::string_view name() const noexcept override { return name_; }
  std::string_view op() const noexcept override { return "*"; }

  Verdict supports(const Problem& problem) const override {
    const auto* plugin = problem.op.as<op::Plugin>();
    if (plugin == nullptr) return Verdict::no("the operator is no plugin");
    try {
      static_cast<void>(plugin->entry->create_kernel(device_, plugin->values));
    } catch (const ModelError& error) {
      return Verdict::no(error.message());
    }
    return Verdict::yes();
  }

  std::vector<Candidate> candidates(const Problem& problem) const override {
    Candidate candidate;
    candidate.inputs.resize(problem.inputs.size());
    candidate.outputs.resize(problem.outputs.size());
    // Nothing is known of the work; memory has to be touched at least.
    double touched = 0;
    const auto count = [&](const std::vector<Operand>& operands) {
      for (const Operand& operand : operands) {
        double elements = 1;
        for (const std::int64_t dim : operand.dims)
          elements *= static_cast<double>(std::max<std::int64_t>(dim, 1));
        touched += elements;
      }
    };
    count(problem.inputs);
    count(problem.outputs);
    candidate.estimate_ns = kWorthSharingNs + touched;
    return {candidate};
  }

  Prepared prepare(const Problem& problem, const Candidate&) const override {
    ref::EncodedOp encoded = ref::encode_op(problem.op);
    Prepared prepared{std::string(kPluginStep), std::move(encoded.params), std::move(encoded.weights), {}};
    const auto first_constant = static_cast<std::int64_t>(prepared.weights.size());
    std::vector<std::int64_t> constants;
    for (std::size_t i = 0; i < problem.inputs.size(); ++i) {
      if (problem.inputs[i].constant == nullptr) {
        prepared.operands.push_back(i);
        continue;
      }
      constants.push_back(static_cast<std::int64_t>(i));
      prepared.weights.push_back(*problem.inputs[i].constant);
    }
    prepared.params.push_back({"device", std::string(device_name(device_))});
    prepared.params.push_back({"operands", static_cast<std::int64_t>(problem.inputs.size())});
    prepared.params.push_back({"constants", std::move(constants)});
    prepared.params.push_back({"first_constant", first_constant});
    return prepared;
  }

 private:
  Device device_;
  std::string name_;
};

}  // namespace

void register_plugin_tactics(TacticRegistry& registry, Device device) {
  registry.add(std::make_unique<PluginTactic>(device));
}

}  // namespace tenon
