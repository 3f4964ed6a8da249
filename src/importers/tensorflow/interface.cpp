// Which tensors of a model are its inputs and outputs.
#include "base/text.hpp"
#include "importers/tensorflow/importer.hpp"
#include "importers/tensorflow/types.hpp"
#include "importers/wire.hpp"

#include <tenon/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <optional>
#include <utility>

namespace tenon::tensorflow {
namespace {

bool is_placeholder(const NodeDef& node) { return node.op == "Placeholder" || node.op == "PlaceholderV2"; }

// Nodes that nobody takes anything from, but that are no results of the network either.
bool is_no_result(std::string_view op) {
  static const std::set<std::string_view> kOperators = {
      "Assert",
      "Const",
      "MergeV2Checkpoints",
      "NoOp",
      "Placeholder",
      "PlaceholderV2",
      "PlaceholderWithDefault",
      "Print",
      "PrintV2",
      "RestoreV2",
      "SaveV2",
      "ShardedFilename",
      "StringJoin",
      "Switch",
      "VarHandleOp",
      "VarIsInitializedOp",
      "AssignVariableOp",
      "Assign",
      "Variable",
      "VariableV2",
      "Exit",
      "NextIteration",
      "Enter",
      "LoopCond",
      "ControlTrigger",
  };
  const bool summary = op.size() > 7 && op.find("Summary") != std::string_view::npos;
  return summary || kOperators.count(op) != 0;
}

// Entries of an attribute that is a list of types, or its number.
std::optional<std::size_t> attribute_count(std::string_view message) {
  std::size_t count = 0;
  bool is_list = false;
  constexpr std::uint64_t kMost = 1 << 16;
  for (WireReader in(message); in.next();) {
    if (in.field() == 3) return static_cast<std::size_t>(std::min(in.varint(), kMost));
    if (in.field() != 1) continue;
    is_list = true;
    for (WireReader list = in.message(); list.next();) {
      if (list.field() == 6) count += list.varint_count();
    }
  }
  return is_list ? std::optional(count) : std::nullopt;
}

// How many results a node has that nobody takes anything from. The statistics of a normalization are none.
std::size_t output_count(const NodeDef& node, const Wiring::Functions& functions) {
  if (const auto found = functions.find(node.op); found != functions.end())
    return found->second->outputs.size();
  if (node.op.find("BatchNorm") != std::string_view::npos) return 1;
  const Converter* converter = registry().find(node.op);
  if (converter != nullptr && !converter->outputs.empty()) return converter->outputs.size();
  const bool one_type = node.op != "IdentityN" && node.op != "While" && node.op != "StatelessWhile";
  for (const AttributeDef& attribute : node.attributes) {
    const bool counts = attribute.name == "num_split" || attribute.name == "num" ||
                        attribute.name == "Tout" || (attribute.name == "T" && !one_type) ||
                        (attribute.name == "N" && node.op == "ShapeN");
    const auto count = counts ? attribute_count(attribute.message) : std::nullopt;
    if (count) return *count;
  }
  return 1;
}

// "x:0" is "x".
std::string_view without_first_port(std::string_view name) {
  return name.size() > 2 && name.substr(name.size() - 2) == ":0" ? name.substr(0, name.size() - 2) : name;
}

}  // namespace

Ref Importer::require(std::string_view name) const {
  const auto ref = main_->resolve(name);
  if (!ref) throw ModelError(fmt::format("the model has no node {}", quote(name)));
  return *ref;
}

std::string_view Importer::signature_tensor(std::string_view key, bool input) const {
  if (model_.signature == nullptr) return {};
  for (const SignatureTensor& tensor : input ? model_.signature->inputs : model_.signature->outputs) {
    if (tensor.key == key) return tensor.tensor;
  }
  return {};
}

// Nodes that something a caller feeds leads to.
std::vector<bool> Importer::fed_nodes() const {
  std::vector<std::vector<std::uint32_t>> users(main_->size());
  std::vector<std::uint32_t> stack;
  for (std::uint32_t i = 0; i < main_->size(); ++i) {
    for (const Ref& ref : main_->inputs(i)) users[ref.node].push_back(i);
    if (is_placeholder(main_->node(i)) || stays_input(main_->node(i))) stack.push_back(i);
  }
  for (const std::string& name : options_.inputs) stack.push_back(require(name).node);
  std::vector<bool> fed(main_->size());
  while (!stack.empty()) {
    const std::uint32_t index = stack.back();
    stack.pop_back();
    if (fed[index]) continue;
    fed[index] = true;
    stack.insert(stack.end(), users[index].begin(), users[index].end());
  }
  return fed;
}

// Results that nobody takes; of those that depend on inputs, if there are any: freezing leaves copies of
// constants behind.
std::vector<std::uint32_t> Importer::sinks() const {
  std::vector<std::uint32_t> nodes;
  for (std::uint32_t i = 0; i < main_->size(); ++i) {
    const NodeDef& node = main_->node(i);
    if (main_->is_consumed(i) || !main_->is_unconditional(i) || is_no_result(node.op)) continue;
    // What conditions leave behind: the join of an assertion's branches, and copies of predicates.
    const bool guard = main_->flow(i) == Flow::merge && main_->is_controlling(i);
    constexpr std::string_view kPredicate = "/pred_id";
    const bool predicate = node.op == "Identity" && node.name.size() > kPredicate.size() &&
                           node.name.substr(node.name.size() - kPredicate.size()) == kPredicate;
    if (!guard && !predicate) nodes.push_back(i);
  }
  const std::vector<bool> fed = fed_nodes();
  const auto is_fed = [&](std::uint32_t index) { return fed[index]; };
  if (std::any_of(nodes.begin(), nodes.end(), is_fed)) {
    nodes.erase(std::remove_if(nodes.begin(), nodes.end(), std::not_fn(is_fed)), nodes.end());
  }
  return nodes;
}

std::vector<Importer::Output> Importer::find_outputs() const {
  std::vector<Output> outputs;
  for (const std::string& name : options_.outputs) {
    const std::string_view tensor = signature_tensor(name, false);
    outputs.push_back({name, require(tensor.empty() ? std::string_view(name) : tensor)});
  }
  if (outputs.empty() && model_.signature != nullptr) {
    for (const SignatureTensor& tensor : model_.signature->outputs)
      outputs.push_back({std::string(tensor.key), require(tensor.tensor)});
  }
  if (outputs.empty()) {
    for (const std::uint32_t index : sinks()) {
      const std::string name(main_->node(index).name);
      for (std::uint32_t port = 0; port < output_count(main_->node(index), functions_); ++port)
        outputs.push_back({port == 0 ? name : fmt::format("{}:{}", name, port), {index, port}, true});
    }
  }
  if (outputs.empty()) throw ModelError("the model has no outputs; name the nodes that are");
  return outputs;
}

std::unordered_set<std::uint32_t> Importer::needed(const std::vector<Ref>& roots,
                                                   const std::unordered_set<std::uint32_t>& cuts) const {
  std::unordered_set<std::uint32_t> visited;
  std::vector<std::uint32_t> stack;
  stack.reserve(roots.size());
  for (const Ref& root : roots) stack.push_back(root.node);
  while (!stack.empty()) {
    const std::uint32_t index = stack.back();
    stack.pop_back();
    if (!visited.insert(index).second || cuts.count(index) != 0) continue;
    for (const Ref& ref : main_->inputs(index)) stack.push_back(ref.node);
  }
  return visited;
}

bool Importer::stays_input(const NodeDef& node) const {
  if (is_placeholder(node)) return true;
  return node.op == "PlaceholderWithDefault" && options_.input_shapes.count(std::string(node.name)) != 0;
}

void Importer::add_inputs(Scope& scope, const std::vector<Output>& outputs) {
  std::vector<std::pair<std::string, Ref>> inputs;
  for (const std::string& name : options_.inputs) {
    const std::string_view tensor = signature_tensor(name, true);
    inputs.emplace_back(name, require(tensor.empty() ? std::string_view(name) : tensor));
  }
  std::vector<Ref> roots;
  roots.reserve(outputs.size());
  for (const Output& output : outputs) roots.push_back(output.ref);
  std::unordered_set<std::uint32_t> cuts;
  for (const auto& input : inputs) cuts.insert(input.second.node);
  const auto used = needed(roots, cuts);
  if (inputs.empty()) {
    std::unordered_map<std::uint32_t, std::string_view> keys;
    if (model_.signature != nullptr) {
      for (const SignatureTensor& tensor : model_.signature->inputs)
        keys.emplace(require(tensor.tensor).node, tensor.key);
    }
    for (std::uint32_t i = 0; i < main_->size(); ++i) {
      if (used.count(i) == 0 || !stays_input(main_->node(i))) continue;
      const auto key = keys.find(i);
      inputs.emplace_back(key == keys.end() ? main_->node(i).name : key->second, Ref{i, 0});
    }
  }
  for (const auto& given : options_.input_shapes) {
    const std::string& name = given.first;
    const bool known = std::any_of(inputs.begin(), inputs.end(), [&](const auto& input) {
      return input.first == name || main_->node(input.second.node).name == without_first_port(name);
    });
    if (!known)
      throw ModelError(fmt::format("a shape is given for {}, which is no input of the model", quote(name)));
  }
  for (const auto& [name, ref] : inputs) {
    try {
      if (ref.port != 0) throw ModelError("only the first output of a node can become an input");
      if (!cut_at_.emplace(ref.node, name).second) throw ModelError("it is named twice");
      add_input(scope, name, ref);
    } catch (const ModelError& error) {
      problems_.push_back({fmt::format("input {}", quote(name)), error.message()});
      poison(scope, ref.node);
    }
  }
}

void Importer::add_input(Scope& scope, const std::string& name, Ref ref) {
  const NodeDef& node = main_->node(ref.node);
  NodeContext context(*this, scope, ref.node, {});
  std::optional<DataType> dtype;
  for (const std::string_view attribute : {"dtype", "DstT", "out_type", "output_type", "T"}) {
    if (!dtype && context.has_attr(attribute)) dtype = context.find_dtype(attribute);
  }
  Type type = Type::tensor(dtype.value_or(DataType::f32));
  std::optional<ShapeDef> declared;
  if (context.has_attr("shape")) declared = context.find_shape("shape");
  if (declared && !declared->unknown_rank) {
    Dims dims;
    for (const std::int64_t dim : declared->dims)
      dims.push_back(dim >= 0 ? Dim(dim) : Dim::symbol(fmt::format("{}_{}", name, dims.size())));
    type = Type::tensor(type.as_tensor().dtype, std::move(dims));
  }
  const Shape* given = nullptr;
  for (const auto& [key, shape] : options_.input_shapes) {
    if (key == name || without_first_port(key) == node.name) given = &shape;
  }
  auto& dims = type.as_tensor().dims;
  if (given != nullptr) {
    // A rank that is declared as 0 by old writers is often meant as unknown.
    if (dims && !dims->empty() && dims->size() != given->size())
      throw ModelError(
          fmt::format("the given shape has rank {}, the model's {}", given->size(), dims->size()));
    Dims result;
    for (std::size_t axis = 0; axis < given->size(); ++axis) {
      const std::int64_t dim = (*given)[axis];
      const bool keep = dim < 0 && dims && axis < dims->size() && !(*dims)[axis].is_const();
      if (keep) {
        result.push_back((*dims)[axis]);
      } else {
        result.push_back(dim >= 0 ? Dim(dim) : Dim::symbol(fmt::format("{}_{}", name, axis)));
      }
    }
    dims = std::move(result);
  }
  scope.values[ref.key()] = graph_.add_input(name, std::move(type));
  scope.done.insert(ref.node);
}

}  // namespace tenon::tensorflow
