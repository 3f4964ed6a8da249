// Real networks against stored answers, in every way in which Tenon can run them.
#include "models/networks.hpp"

#include "importers/format.hpp"
#include "models/ways.hpp"
#include "support/paths.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace tenon::test {
namespace {

struct Param {
  Network network;
  Way way;
};

std::vector<Param> params() {
  std::vector<Param> all;
  for (const Network& network : networks()) {
    for (const Way& way : ways()) all.push_back({network, way});
  }
  return all;
}

std::string test_name(const testing::TestParamInfo<Param>& entry) {
  return entry.param.network.name + "_" + entry.param.way.name;
}

class Networks : public testing::TestWithParam<Param> {};

TEST_P(Networks, GiveTheStoredAnswers) {
  const Network& network = GetParam().network;
  const Runner run = GetParam().way.load(network);
  for (std::size_t i = 0; i < network.cases.size(); ++i) {
    SCOPED_TRACE(i);
    const NamedTensors found = run(read_tensors(network.cases[i].inputs));
    EXPECT_EQ(difference(network, found, read_tensors(network.cases[i].outputs)), "");
  }
}

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(Networks);
INSTANTIATE_TEST_SUITE_P(All, Networks, testing::ValuesIn(params()), test_name);

TEST(Corpus, HoldsEveryCoreNetwork) {
  if (corpus_path().empty()) GTEST_SKIP() << "set TENON_CORPUS to the folder that holds the networks";
  const std::vector<Network> all = networks();
  const std::vector<std::string> core = names_in("core.txt");
  EXPECT_FALSE(core.empty());
  for (const std::string& name : core) {
    const auto same = [&](const Network& network) { return network.name == name; };
    EXPECT_TRUE(std::any_of(all.begin(), all.end(), same)) << name;
  }
}

TEST(Corpus, IsRunWithoutExceptions) {
  if (corpus_path().empty()) GTEST_SKIP() << "set TENON_CORPUS to the folder that holds the networks";
  const std::vector<Network> all = networks();
  for (const auto& entry : std::filesystem::directory_iterator(corpus_path())) {
    if (!std::filesystem::exists(entry.path() / "manifest.json")) continue;
    const std::string name = entry.path().filename().string();
    const auto same = [&](const Network& network) { return network.name == name && !network.cases.empty(); };
    EXPECT_TRUE(std::any_of(all.begin(), all.end(), same)) << name << " is never run";
  }
}

TEST(Corpus, EveryNetworkImports) {
  for (const Network& network : networks()) {
    SCOPED_TRACE(network.name);
    const Graph graph = import_model(network.model, network.importing);
    graph.verify();
    EXPECT_FALSE(graph.outputs().empty());
  }
}

}  // namespace
}  // namespace tenon::test
