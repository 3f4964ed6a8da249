// Importer: builds the graph of one UFF file, node by node, and gathers what is wrong with it.
#pragma once

#include "importers/uff/node_context.hpp"
#include "importers/uff/registry.hpp"
#include "ir/graph.hpp"

#include <tenon/import.hpp>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace tenon::uff {

class Importer {
 public:
  Importer(const MetaGraphDef& def, std::shared_ptr<const void> memory, const ImportOptions& options);
  Graph run();

 private:
  using NodeIndex = std::size_t;

  // Names of values to give out, in order: those asked for, else those that the file marks.
  std::vector<std::string_view> output_names() const;
  // What these values need, operands before users. ModelError for a cycle.
  std::vector<NodeIndex> execution_order(const std::vector<std::string_view>& outputs) const;
  void import_node(const NodeDef& node);
  void add_output(std::string_view name);
  void add_problem(const NodeDef& node, const std::string& reason);
  void check_names() const;  // of the options
  [[noreturn]] void fail_with_problems() const;

  const MetaGraphDef& def_;
  const ImportOptions& options_;
  BlobViews blobs_;
  FileContext file_;
  Graph graph_;
  std::unordered_map<std::string_view, NodeIndex> nodes_;               // by id
  std::unordered_map<std::string_view, std::optional<Placed>> values_;  // nothing: its node is a problem
  std::vector<std::string> problems_;
};

}  // namespace tenon::uff
