// The textual IR in docs/text-ir.md is what the printer prints.
#include "ir/parser.hpp"
#include "ir/printer.hpp"
#include "ops/registry.hpp"
#include "support/paths.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

namespace tenon {
namespace {

std::vector<std::string> ir_blocks(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::vector<std::string> blocks;
  std::string line, block;
  bool inside = false;
  while (std::getline(file, line)) {
    if (inside && line == "```") {
      blocks.push_back(block);
      inside = false;
    } else if (inside) {
      block += line + "\n";
    } else if (line == "```ir") {
      inside = true;
      block.clear();
    }
  }
  return blocks;
}

TEST(DocText, ExamplesParseAndPrintAsTheyStand) {
  const auto blocks = ir_blocks(test::test_path("../docs/text-ir.md"));
  ASSERT_EQ(blocks.size(), 3u);
  for (const std::string& block : blocks) {
    const Graph graph = parse(block, builtin_ops());
    graph.verify();
    EXPECT_EQ(print(graph), block);
  }
}

}  // namespace
}  // namespace tenon
