#include "api/marked_graph.hpp"

#include "ir/constant.hpp"
#include "ir/patch.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace tenon {
namespace {

constexpr char kMark = '\x01';  // no name in a model begins with it
constexpr std::string_view kJoint = " + ";

std::vector<std::string_view> split_location(std::string_view text) {
  std::vector<std::string_view> parts;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(kJoint, at), text.size());
    parts.push_back(text.substr(at, end - at));
    at = end + kJoint.size();
  }
  return parts;
}

}  // namespace

std::vector<NodeId> positioned_nodes(const Graph& graph) {
  std::vector<NodeId> nodes;
  for (const NodeId id : graph.nodes(graph.body())) {
    if (!graph.node(id).op.is<op::Constant>()) nodes.push_back(id);
  }
  return nodes;
}

void set_location(Graph& graph, NodeId node, std::string location) {
  Patch patch(graph, node);
  patch.set_location(std::move(location));
  patch.change_root(graph.node(node).op);
  graph.apply(std::move(patch));
}

void mark(Graph& graph, const std::vector<NodeId>& nodes) {
  for (std::size_t i = 0; i < nodes.size(); ++i) set_location(graph, nodes[i], fmt::format("{}{}", kMark, i));
}

std::vector<std::size_t> marks_of(std::string_view location) {
  std::vector<std::size_t> marks;
  for (std::size_t at = location.find(kMark); at != std::string_view::npos;
       at = location.find(kMark, at + 1)) {
    std::size_t mark = 0;
    const char* const end = location.data() + location.size();
    if (std::from_chars(location.data() + at + 1, end, mark).ec == std::errc()) marks.push_back(mark);
  }
  return marks;
}

std::string unmarked(std::string_view location, const std::vector<std::string>& locations) {
  const std::vector<std::size_t> marks = marks_of(location);
  if (marks.empty()) return std::string(location);
  std::vector<std::string_view> names;
  for (const std::size_t mark : marks) {
    for (const std::string_view name : split_location(locations.at(mark))) {
      if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    }
  }
  return fmt::format("{}", fmt::join(names, kJoint));
}

void unmark(Graph& graph, const std::vector<std::string>& locations) {
  for (const NodeId id : graph.nodes(graph.body())) {
    const std::string& location = graph.node(id).location;
    if (!marks_of(location).empty()) set_location(graph, id, unmarked(location, locations));
  }
}

}  // namespace tenon
