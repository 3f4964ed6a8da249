#include "tactics/pricer.hpp"

#include "tactics/control.hpp"
#include "tactics/decompose.hpp"
#include "tactics/extract.hpp"
#include "tactics/timing_cache.hpp"

#include <algorithm>

namespace tenon {
namespace {

// Dims of which nobody knows what they will be: a time says nothing.
bool has_open_dims(const Problem& problem) {
  const auto open = [](const Operand& operand) {
    return std::any_of(operand.max_dims.begin(), operand.max_dims.end(),
                       [](std::int64_t dim) { return dim >= kOpenDim; });
  };
  return std::any_of(problem.inputs.begin(), problem.inputs.end(), open) ||
         std::any_of(problem.outputs.begin(), problem.outputs.end(), open);
}

}  // namespace

bool can_be_timed(const Tactic& tactic) noexcept {
  return !is_fallback(tactic) && !runs_bodies(tactic) && !tactic.name().starts_with("view.");
}

void Pricer::price(Offer& offer, bool always) {
  for (const Contender& contender : offer.contenders) offer.ns.push_back(contender.candidate.estimate_ns);
  if ((always || offer.contenders.size() > 1) && measurable(offer)) {
    if (std::vector<double> times = times_of(offer); !times.empty()) {
      offer.ns = std::move(times);
      offer.measured = true;
    }
  }
  for (std::size_t i = 0; i < offer.contenders.size(); ++i) {
    offer.considered.push_back({shown_name(offer.contenders[i]), "",
                                offer.contenders[i].candidate.estimate_ns, offer.measured ? offer.ns[i] : 0});
  }
}

bool Pricer::measurable(const Offer& offer) const {
  if (!options_.measure || offer.problem.has_unknown_dims()) return false;
  if (has_open_dims(offer.problem)) return false;
  return std::all_of(offer.contenders.begin(), offer.contenders.end(),
                     [](const Contender& c) { return can_be_timed(*c.tactic); });
}

std::optional<double> Pricer::look_up(const std::string& key, const std::string& contender) const {
  return options_.cache != nullptr ? options_.cache->find(key, contender) : std::nullopt;
}

std::vector<double> Pricer::times_of(const Offer& offer) {
  const std::string key = offer.problem.key();
  std::vector<std::string> names;
  for (const Contender& contender : offer.contenders) names.push_back(cache_name(contender));
  Times& known = known_[key];
  const auto all_known = [&] {
    return std::all_of(names.begin(), names.end(), [&](const std::string& name) {
      if (known.contains(name)) return true;
      const std::optional<double> ns = look_up(key, name);
      if (ns) known.emplace(name, *ns);
      return ns.has_value();
    });
  };
  if (!all_known()) {
    if (std::chrono::steady_clock::now() >= options_.deadline) return {};
    const std::vector<double> times = tuner_.measure(offer.problem, offer.contenders);
    for (std::size_t i = 0; i < times.size(); ++i) {
      known[names[i]] = times[i];
      if (options_.cache != nullptr) options_.cache->insert(key, names[i], times[i]);
    }
  }
  std::vector<double> times;
  for (const std::string& name : names) times.push_back(known.at(name));
  return times;
}

NodeChoice cheapest(Problem problem, const TacticRegistry& tactics, Pricer& pricer) {
  Offer offer = offer_for(problem, tactics);
  NodeChoice choice{NodeId(), nullptr, {}, std::move(problem), 0, false, {}, {}};
  std::erase_if(offer.contenders, [](const Contender& c) { return is_fallback(*c.tactic); });
  if (offer.contenders.empty()) return choice;
  prune(offer, kMostTimed);
  pricer.price(offer, true);
  const auto best =
      static_cast<std::size_t>(std::min_element(offer.ns.begin(), offer.ns.end()) - offer.ns.begin());
  choice.considered = offer.considered;
  choice.tactic = offer.contenders[best].tactic;
  choice.candidate = offer.contenders[best].candidate;
  choice.ns = offer.ns[best];
  choice.measured = offer.measured;
  return choice;
}

}  // namespace tenon
