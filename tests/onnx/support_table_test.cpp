// docs/onnx-support.md: which operators are imported, in which versions, and what they become, taken from the
// registries and from the official tests of each operator. With TENON_UPDATE=1 in the environment the test
// writes the page instead of comparing it; that needs the corpus.
#include "api/backends.hpp"
#include "backends/ref/ref.hpp"
#include "importers/onnx/import.hpp"
#include "importers/onnx/reader.hpp"
#include "importers/onnx/registry.hpp"
#include "onnx/cases.hpp"
#include "ops/registry.hpp"
#include "support/paths.hpp"

#include <tenon/error.hpp>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

namespace tenon::test {
namespace {

namespace fs = std::filesystem;

using Operators = std::map<std::string, std::set<std::string>>;  // of ONNX → of the IR

std::string read_text(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// Adds what a model's only node becomes; its constants do not count, nor what is inside of its bodies.
void observe(const std::string& bytes, Operators& seen) {
  const onnx::ModelDef model = onnx::read_model(bytes);
  if (model.graph.nodes.size() != 1 || !model.functions.empty()) return;
  const onnx::NodeDef& node = model.graph.nodes.front();
  try {
    const Graph graph = import_onnx(as_bytes(bytes));
    std::set<std::string>& names = seen[onnx::qualified_name(node.domain, node.op_type)];
    for (const NodeId id : graph.nodes(graph.body())) {
      if (graph.node(id).op.name() != "constant") names.emplace(graph.node(id).op.name());
    }
  } catch (const ModelError&) {
    // An operator, or a form of it, that is not supported.
  }
}

Operators observed() {
  Operators seen;
  for (const auto& entry : fs::directory_iterator(corpus_path() / "onnx-backend" / "node")) {
    if (fs::exists(entry.path() / "model.onnx")) observe(read_text(entry.path() / "model.onnx"), seen);
  }
  for (const StoredCase& c : read_cases(test_path("onnx/microsoft.cases")))
    observe(serialize(model_of(c, false)), seen);
  return seen;
}

// Has a tactic of its own on the CPU, or costs nothing: a view of memory, or numbers that follow from dims.
bool has_kernel(const std::string& op) {
  const auto tactics = builtin_tactics(Device::cpu).for_op(op);
  return op == "shape" || op == "size" ||
         std::any_of(tactics.begin(), tactics.end(),
                     [](const Tactic* tactic) { return tactic->op() != "*"; });
}

// Has kernels, itself or in its parts.
bool is_fast(const std::string& op) { return has_kernel(op) || builtin_ops().find(op)->can_decompose(); }

std::string domain_name(const std::string& domain) { return domain.empty() ? "ai.onnx" : domain; }

std::string row_head(const onnx::Registry::Operator& op) {
  return fmt::format("| {} | {} |", op.op_type, onnx::to_string(op.versions));
}

std::string row_tail(const std::set<std::string>& becomes) {
  if (becomes.empty()) return " | |";
  std::vector<std::string> names;
  std::size_t fast = 0;
  for (const std::string& name : becomes) {
    fast += is_fast(name) ? 1 : 0;
    names.push_back(is_fast(name) ? name : name + "*");
  }
  const char* cpu = fast == becomes.size() ? "yes" : fast == 0 ? "no" : "in part";
  return fmt::format(" {} | {} |", fmt::join(names, ", "), cpu);
}

std::string exclusions() {
  std::string text;
  std::istringstream lines(read_text(test_path("onnx/exclusions.txt")));
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string kind, name, reason;
    words >> kind >> name >> std::ws;
    std::getline(words, reason);
    if (kind == "operator") text += fmt::format("| {} | {} |\n", name, reason);
  }
  return text;
}

constexpr std::string_view kIntroduction = R"(# ONNX operators

Written by `TENON_UPDATE=1 tenon_onnx_support_tests`; a test fails when it no longer tells the truth. `tenon list onnx` prints the
operators and versions of a build.

*opset*: versions of the domain in which the operator may stand; the standard's are known up to {newest}. *becomes*: operators of Tenon
that the importer makes of it, as seen in the official tests of the operator (those of `com.microsoft`: in `tests/onnx/microsoft.cases`),
empty where none uses it alone. The reference backend runs all of them. *cpu*: whether they have fast kernels on the CPU, for the types and
forms that `tenon list tactics` and `tenon explain` tell; a star marks those that only the reference backend runs.

The domain `ai.onnx.preview.training` is left out: its operators are steps of training.
)";

std::string page(const Operators& seen) {
  std::string text = fmt::format(fmt::runtime(kIntroduction), fmt::arg("newest", onnx::kNewestOpset));
  std::string domain = "?";
  for (const onnx::Registry::Operator& op : onnx::registry().operators()) {
    if (op.domain != domain) {
      domain = op.domain;
      text += fmt::format("\n## {}\n\n| operator | opset | becomes | cpu |\n|---|---|---|---|\n",
                          domain_name(domain));
    }
    const auto found = seen.find(onnx::qualified_name(op.domain, op.op_type));
    text += row_head(op) + row_tail(found == seen.end() ? std::set<std::string>() : found->second) + "\n";
  }
  return text + "\n## Not supported\n\n| operator | why |\n|---|---|\n" + exclusions();
}

fs::path page_path() { return test_path("../docs/onnx-support.md"); }

TEST(OnnxSupport, PageNamesTheRegistrysOperatorsAndVersions) {
  std::string heads, expected;
  std::istringstream lines(read_text(page_path()));
  for (std::string line; std::getline(lines, line) && line != "## Not supported";) {
    if (line.rfind("| ", 0) != 0 || line.rfind("| operator |", 0) == 0) continue;
    const std::size_t second = line.find(" |", 2);
    heads += line.substr(0, line.find(" |", second + 2) + 2) + "\n";
  }
  for (const onnx::Registry::Operator& op : onnx::registry().operators()) expected += row_head(op) + "\n";
  EXPECT_EQ(heads, expected) << "run it with TENON_UPDATE=1";
}

TEST(OnnxSupport, PageIsWhatTheRegistriesAndTestsGive) {
  if (corpus_path().empty()) GTEST_SKIP() << "set TENON_CORPUS to the folder that holds onnx-backend";
  const std::string text = page(observed());
  if (std::getenv("TENON_UPDATE") != nullptr) {
    std::ofstream(page_path(), std::ios::binary) << text;
    return;
  }
  EXPECT_EQ(read_text(page_path()), text) << "run it with TENON_UPDATE=1";
}

TEST(OnnxSupport, TheReferenceBackendRunsEveryOperator) {
  for (const std::string& name : builtin_ops().names()) {
    EXPECT_NE(ref::registry().find(name), nullptr) << name;
  }
}

}  // namespace
}  // namespace tenon::test
