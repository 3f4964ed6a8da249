#include "ir/printer.hpp"

#include "base/mapped_file.hpp"
#include "base/text.hpp"
#include "ir/attribute_text.hpp"
#include "ir/type_parser.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <ostream>
#include <vector>

namespace tenon {
namespace {

bool is_plain_value_name(std::string_view name) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.';
  };
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  return std::all_of(name.begin(), name.end(), allowed) && !std::all_of(name.begin(), name.end(), digit);
}

std::string fields_of(const Op& op, BlobStore* blobs, const ValueNamer& namer) {
  const std::string text = print_attributes(op.attributes(), op.default_attributes(), blobs, namer);
  return text.empty() ? "" : ' ' + text;
}

class Printer {
 public:
  Printer(const Graph& graph, BlobStore* blobs) : graph_(graph), blobs_(blobs), names_(graph.value_limit()) {}

  std::string run() {
    const Region& body = graph_.region(graph_.body());
    text_ = "graph @" + identifier_or_quoted(graph_.name()) + '(';
    print_parameters(body);
    text_ += ')';
    print_symbols();
    text_ += " {\n";
    print_region_content(body, 1);
    for (const Tap& tap : graph_.taps())
      text_ += fmt::format("  tap {} = {}\n", quote_literal(tap.name), name(tap.value));
    text_ += "}\n";
    return std::move(text_);
  }

 private:
  // Unnamed values are numbered in the order of their definitions; a repeated name gets ~1, ~2, ….
  std::string define(ValueId id) {
    const std::string& hint = graph_.value(id).name;
    std::string& name = names_[id.value];
    const bool number = hint.empty() && graph_.value(id).parameter_of != graph_.body();
    if (number) return name = fmt::format("%{}", next_number_++);
    name = '%' + (!hint.empty() && is_plain_value_name(hint) ? hint : quote_literal(hint));
    if (const int repeated = repetitions_[hint]++; repeated > 0) name += fmt::format("~{}", repeated);
    return name;
  }

  std::string name(ValueId id) const { return id.valid() ? names_[id.value] : "_"; }

  std::string type(ValueId id) const {
    return print_type(graph_.value(id).type, [this](ValueId used) { return name(used); });
  }

  void print_parameters(const Region& region) {
    for (std::size_t i = 0; i < region.parameters.size(); ++i) {
      if (i > 0) text_ += ", ";
      text_ += define(region.parameters[i]) + ": ";
      text_ += type(region.parameters[i]);
      print_values(graph_.value(region.parameters[i]));
    }
  }

  void print_values(const Value& input) {
    if (!input.symbolic) return;
    text_ += " is [";
    for (std::size_t i = 0; i < input.symbolic->size(); ++i)
      text_ += (i == 0 ? "" : ", ") + (*input.symbolic)[i].to_string();
    text_ += ']';
  }

  void print_symbols() {
    if (graph_.symbol_ranges().empty()) return;
    text_ += " symbols(";
    bool first = true;
    for (const auto& [symbol, range] : graph_.symbol_ranges()) {
      if (!first) text_ += ", ";
      first = false;
      text_ += fmt::format("{} in [{},", identifier_or_quoted(symbol), range.min);
      text_ += range.max == Interval{}.max ? "inf]" : fmt::format("{}]", range.max);
    }
    text_ += ')';
  }

  void print_region_content(const Region& region, int depth) {
    for (NodeId id = region.first; id.valid(); id = graph_.node(id).next) print_node(graph_.node(id), depth);
    indent(depth);
    text_ += "return";
    const bool body = !region.owner.valid();
    for (std::size_t i = 0; i < region.results.size(); ++i) {
      text_ += (i == 0 ? " " : ", ") + name(region.results[i]);
      if (body) text_ += " as " + quote_literal(region.result_names[i]);
    }
    text_ += '\n';
  }

  void print_node(const Node& node, int depth) {
    // Names are given before the regions' but inserted in front of the node.
    std::string results;
    std::string types;
    for (const ValueId output : node.outputs) {
      results += (results.empty() ? "" : ", ") + define(output);
    }
    for (const ValueId output : node.outputs) types += (types.empty() ? " : " : ", ") + type(output);
    indent(depth);
    if (!results.empty()) text_ += results + " = ";
    text_ += identifier_or_quoted(node.op.name());
    if (!node.inputs.empty()) {
      text_ += '(';
      for (std::size_t i = 0; i < node.inputs.size(); ++i)
        text_ += (i == 0 ? "" : ", ") + name(node.inputs[i]);
      text_ += ')';
    }
    text_ += fields_of(node.op, blobs_, [this](ValueId used) { return name(used); });
    text_ += types;
    if (!node.location.empty()) text_ += " loc(" + quote_literal(node.location) + ')';
    for (const RegionId id : node.regions) {
      const Region& region = graph_.region(id);
      text_ += '\n';
      indent(depth + 1);
      text_ += "region";
      if (!region.parameters.empty()) {
        text_ += '(';
        print_parameters(region);
        text_ += ')';
      }
      text_ += " {\n";
      print_region_content(region, depth + 2);
      indent(depth + 1);
      text_ += '}';
    }
    text_ += '\n';
  }

  void indent(int depth) { text_.append(2 * static_cast<std::size_t>(depth), ' '); }

  const Graph& graph_;
  BlobStore* blobs_;
  std::vector<std::string> names_;
  std::map<std::string, int, std::less<>> repetitions_;
  std::size_t next_number_ = 0;
  std::string text_;
};

}  // namespace

std::string print(const Op& op, BlobStore* blobs) {
  return identifier_or_quoted(op.name()) + fields_of(op, blobs, {});
}

std::string print(const Graph& graph, BlobStore* blobs) { return Printer(graph, blobs).run(); }

std::filesystem::path blob_path(const std::filesystem::path& text_path) {
  std::filesystem::path path = text_path;
  path += ".blob";
  return path;
}

void write_text(const Graph& graph, const std::filesystem::path& path, std::string_view header) {
  BlobStore blobs;
  const std::string text = print(graph, &blobs);
  if (!blobs.empty()) blobs.write(blob_path(path));
  write_file_atomically(path, [&](std::ostream& out) { out << header << text; });
}

}  // namespace tenon
