#include "tactics/tactic.hpp"

#include "base/check.hpp"
#include "tactics/assignment.hpp"

namespace tenon {

void TacticRegistry::add(std::unique_ptr<Tactic> tactic) {
  for (const auto& other : tactics_) {
    TENON_CHECK(other->name() != tactic->name(), "tactic '{}' is registered twice", tactic->name());
  }
  tactics_.push_back(std::move(tactic));
}

std::vector<const Tactic*> TacticRegistry::for_op(std::string_view op) const {
  std::vector<const Tactic*> found;
  for (const auto& tactic : tactics_) {
    if (tactic->op() == op) found.push_back(tactic.get());
  }
  for (const auto& tactic : tactics_) {
    if (tactic->op() == "*") found.push_back(tactic.get());
  }
  return found;
}

std::vector<const Tactic*> TacticRegistry::all() const {
  std::vector<const Tactic*> all;
  for (const auto& tactic : tactics_) all.push_back(tactic.get());
  return all;
}

const NodeChoice* Assignment::find(NodeId node) const noexcept {
  for (const NodeChoice& choice : nodes) {
    if (choice.node == node) return &choice;
  }
  return nullptr;
}

}  // namespace tenon
