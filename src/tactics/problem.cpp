#include "tactics/problem.hpp"

#include "ir/printer.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace tenon {
namespace {

std::string describe(const Operand& operand) {
  if (!operand.present) return "-";
  std::string text = operand.constant != nullptr ? "c:" : "";
  if (!operand.type.is_tensor()) return text + operand.type.to_string();
  text += name(operand.type.as_tensor().dtype);
  text += fmt::format("[{}]", fmt::join(operand.dims, ","));
  // Two plans of one network with other ranges are other problems: scratch and blocking depend on the
  // maximum.
  if (operand.max_dims != operand.dims) text += fmt::format("<=[{}]", fmt::join(operand.max_dims, ","));
  return text;
}

std::string describe(const std::vector<Operand>& operands) {
  std::string text;
  for (const Operand& operand : operands) {
    if (!text.empty()) text += ", ";
    text += describe(operand);
  }
  return text;
}

std::string_view accuracy_name(Accuracy accuracy) {
  switch (accuracy) {
    case Accuracy::exact: return "exact";
    case Accuracy::standard: return "standard";
    case Accuracy::relaxed: return "relaxed";
  }
  return "?";
}

}  // namespace

std::string Problem::key() const {
  std::string text = fmt::format("{}({}) -> {} | {} t{} {}", print(op), describe(inputs), describe(outputs),
                                 isa_name(isa), threads, accuracy_name(accuracy));
  for (const DataType type : stored_types) text += fmt::format(", {}", name(type));
  return text;
}

bool Problem::may_store(DataType type) const noexcept {
  return std::find(stored_types.begin(), stored_types.end(), type) != stored_types.end();
}

bool Problem::has_unknown_dims() const noexcept {
  const auto unknown = [](const Operand& operand) {
    if (!operand.present) return false;
    if (!operand.type.is_tensor() || !operand.type.as_tensor().dims) return true;
    for (std::int64_t dim : operand.max_dims) {
      if (dim < 0) return true;
    }
    return false;
  };
  for (const Operand& operand : inputs) {
    if (unknown(operand)) return true;
  }
  for (const Operand& operand : outputs) {
    if (unknown(operand)) return true;
  }
  return false;
}

}  // namespace tenon
