// The domain ai.onnx.ml on models small enough to follow by hand.
#include "backends/ref/ref.hpp"
#include "onnx/support.hpp"

#include <tenon/error.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace tenon::test {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

Graph ml(const std::string& op_type, const std::string& input, std::vector<std::string> attributes,
         std::size_t outputs = 1, std::int64_t version = 3) {
  ModelText model;
  model.domains = {{"ai.onnx.ml", version}};
  model.graph.inputs = {value_info("x", input)};
  Names names;
  for (std::size_t i = 0; i < outputs; ++i) {
    names.push_back(i == 0 ? "y" : "z");
    model.graph.outputs.push_back(value_info(names.back(), tensor_type(kFloat)));
  }
  model.graph.nodes = {{op_type, {"x"}, names, std::move(attributes), "n", "ai.onnx.ml"}};
  return import_model(model);
}

template <class T>
std::vector<T> elements(const Data& data) {
  const auto values = data.tensor().values<T>();
  return {values.begin(), values.end()};
}

std::string rows_of(int columns) { return tensor_type(kFloat, {"N", columns}); }

// Tree 0: x0 <= 1 ? (x1 < 0 ? leaf 3 : leaf 4) : leaf 2. Tree 1: a leaf.
std::vector<std::string> two_trees() {
  return {attribute("nodes_treeids", Ints{0, 0, 0, 0, 0, 1}),
          attribute("nodes_nodeids", Ints{0, 1, 2, 3, 4, 0}),
          attribute("nodes_featureids", Ints{0, 1, 0, 0, 0, 0}),
          attribute("nodes_values", Floats{1, 0, 0, 0, 0, 0}),
          attribute("nodes_modes", Names{"BRANCH_LEQ", "BRANCH_LT", "LEAF", "LEAF", "LEAF", "LEAF"}),
          attribute("nodes_truenodeids", Ints{1, 3, 0, 0, 0, 0}),
          attribute("nodes_falsenodeids", Ints{2, 4, 0, 0, 0, 0})};
}

std::vector<std::string> regression(std::vector<std::string> more) {
  std::vector<std::string> attributes = two_trees();
  attributes.push_back(attribute("target_treeids", Ints{0, 0, 0, 1}));
  attributes.push_back(attribute("target_nodeids", Ints{2, 3, 4, 0}));
  attributes.push_back(attribute("target_ids", Ints{0, 0, 0, 0}));
  attributes.push_back(attribute("target_weights", Floats{10, 20, 40, 5}));
  attributes.insert(attributes.end(), more.begin(), more.end());
  return attributes;
}

const std::vector<Tensor>& points() {
  static const std::vector<Tensor> data = {floats({4, 2}, {2, 0, 1, -1, 1, 0, kNan, -1})};
  return data;
}

TEST(OnnxTrees, AggregateWhatLeavesGive) {
  const auto run = [](const char* function) {
    const Graph graph =
        ml("TreeEnsembleRegressor", rows_of(2), regression({attribute("aggregate_function", function)}));
    return evaluate_floats(graph, points());
  };
  EXPECT_EQ(run("SUM"), (Floats{15, 25, 45, 15}));
  EXPECT_EQ(run("AVERAGE"), (Floats{7.5, 12.5, 22.5, 7.5}));
  EXPECT_EQ(run("MIN"), (Floats{5, 5, 5, 5}));
  EXPECT_EQ(run("MAX"), (Floats{10, 20, 40, 10}));
}

TEST(OnnxTrees, MissingValuesMayFollowTheTrueBranch) {
  const auto run = [](Ints tracks) {
    return evaluate_floats(ml("TreeEnsembleRegressor", rows_of(2),
                              regression({attribute("nodes_missing_value_tracks_true", tracks),
                                          attribute("base_values", Floats{0.5F})})),
                           points());
  };
  EXPECT_EQ(run({1, 0, 0, 0, 0, 0}), (Floats{15.5, 25.5, 45.5, 25.5}));
  EXPECT_EQ(run({0, 1, 0, 0, 0, 0}), (Floats{15.5, 25.5, 45.5, 15.5}));
}

TEST(OnnxTrees, OneScoreDecidesBetweenTwoClasses) {
  std::vector<std::string> attributes = two_trees();
  attributes.push_back(attribute("class_treeids", Ints{0, 0, 0, 1}));
  attributes.push_back(attribute("class_nodeids", Ints{2, 3, 4, 0}));
  attributes.push_back(attribute("class_ids", Ints{0, 0, 0, 0}));
  attributes.push_back(attribute("class_weights", Floats{0.25F, 0.5F, 0.75F, 0.125F}));
  attributes.push_back(attribute("classlabels_strings", Names{"no", "yes"}));
  const Graph graph = ml("TreeEnsembleClassifier", rows_of(2), attributes, 2);
  const std::vector<Data> found = ref::evaluate(graph, std::vector<Data>{points()[0]});
  EXPECT_EQ(elements<std::string>(found[0]), (Names{"no", "yes", "yes", "no"}));
  EXPECT_EQ(elements<float>(found[1]),
            (Floats{0.625F, 0.375F, 0.375F, 0.625F, 0.125F, 0.875F, 0.625F, 0.375F}));
}

TEST(OnnxTrees, RefuseWhatIsNoTree) {
  const auto error = [](std::vector<std::string> attributes) {
    try {
      ml("TreeEnsembleRegressor", rows_of(2), std::move(attributes));
    } catch (const ModelError& e) {
      return std::string(e.what());
    }
    return std::string();
  };
  std::vector<std::string> cycle = regression({});
  cycle[5] = attribute("nodes_truenodeids", Ints{1, 0, 0, 0, 0, 0});
  EXPECT_NE(error(cycle).find("the nodes of a tree form a cycle"), std::string::npos) << error(cycle);
  std::vector<std::string> nowhere = regression({});
  nowhere[6] = attribute("nodes_falsenodeids", Ints{2, 9, 0, 0, 0, 0});
  EXPECT_NE(error(nowhere).find("tree 0 has no node 9"), std::string::npos) << error(nowhere);
  std::vector<std::string> target = regression({attribute("n_targets", 1)});
  target[9] = attribute("target_ids", Ints{0, 0, 0, 1});
  EXPECT_NE(error(target).find("a leaf gives to target 1 of 1"), std::string::npos) << error(target);
  // The feature is there only when the model runs.
  const Graph narrow = ml("TreeEnsembleRegressor", tensor_type(kFloat, {"N", "F"}), regression({}));
  EXPECT_THROW(evaluate_floats(narrow, {floats({1, 1}, {2})}), ModelError);
}

TEST(OnnxTrees, DeepTreesNeedNoStack) {
  constexpr std::int64_t kDepth = 100000;
  Ints tree, id, feature, yes, no;
  Floats value;
  Names mode;
  for (std::int64_t i = 0; i < kDepth; ++i) {
    for (const bool leaf : {false, true}) {
      tree.push_back(0);
      id.push_back(2 * i + (leaf ? 1 : 0));
      feature.push_back(0);
      value.push_back(static_cast<float>(i));
      mode.emplace_back(leaf || i + 1 == kDepth ? "LEAF" : "BRANCH_LEQ");
      yes.push_back(2 * i + 1);
      no.push_back(2 * i + 2);
    }
  }
  const Graph graph = ml("TreeEnsembleRegressor", rows_of(1),
                         {attribute("nodes_treeids", tree), attribute("nodes_nodeids", id),
                          attribute("nodes_featureids", feature), attribute("nodes_values", value),
                          attribute("nodes_modes", mode), attribute("nodes_truenodeids", yes),
                          attribute("nodes_falsenodeids", no), attribute("target_treeids", Ints{0, 0}),
                          attribute("target_nodeids", Ints{7, 2 * kDepth - 2}),
                          attribute("target_ids", Ints{0, 0}), attribute("target_weights", Floats{3, 4})});
  EXPECT_EQ(evaluate_floats(graph, {floats({3, 1}, {2.5F, 3.5F, 1e6F})}), (Floats{3, 0, 4}));
}

TEST(OnnxTables, EncodersMapBothWays) {
  const Graph codes = ml("LabelEncoder", tensor_type(kString, {"N"}),
                         {attribute("keys_strings", Names{"a", "b"}), attribute("values_int64s", Ints{7, 8}),
                          attribute("default_int64", 9)},
                         1, 2);
  const Data words = Tensor::strings({3}, {"b", "?", "a"});
  EXPECT_EQ(elements<std::int64_t>(ref::evaluate(codes, std::vector{words})[0]), (Ints{8, 9, 7}));
  const Graph names = ml("CategoryMapper", tensor_type(kInt64, {"N"}),
                         {attribute("cats_strings", Names{"a", "b"}), attribute("cats_int64s", Ints{7, 8})});
  const Data numbers = Tensor::of<std::int64_t>({2}, Ints{8, 1});
  EXPECT_EQ(elements<std::string>(ref::evaluate(names, std::vector{numbers})[0]), (Names{"b", "_Unused"}));
  const Graph strict = ml("OneHotEncoder", tensor_type(kString, {"N"}),
                          {attribute("cats_strings", Names{"a", "b"}), attribute("zeros", 0)});
  const Data known = Tensor::strings({2}, {"b", "a"});
  EXPECT_EQ(elements<float>(ref::evaluate(strict, std::vector{known})[0]), (Floats{0, 1, 1, 0}));
  EXPECT_THROW(ref::evaluate(strict, std::vector{words}), ModelError);
}

TEST(OnnxMaps, BecomeTensorsAndComeFromThem) {
  const Graph zip = ml("ZipMap", rows_of(2), {attribute("classlabels_strings", Names{"a", "b"})});
  EXPECT_EQ(type_text(zip), "seq<map<str, f32[]>>");
  const std::vector<Data> maps = ref::evaluate(zip, std::vector<Data>{floats({2, 2}, {1, 2, 3, 4})});
  ASSERT_EQ(maps[0].sequence().elements.size(), 2u);
  const MapData& second = maps[0].sequence().elements[1].map();
  EXPECT_EQ(elements<std::string>(second.keys), (Names{"a", "b"}));
  EXPECT_EQ(elements<float>(*second.values), (Floats{3, 4}));

  const Graph vector = ml("DictVectorizer", map_type(kString, tensor_type(kFloat, {})),
                          {attribute("string_vocabulary", Names{"b", "c", "a"})});
  EXPECT_EQ(type_text(vector), "f32[1,3]");
  EXPECT_EQ(elements<float>(ref::evaluate(vector, std::vector{maps[0].sequence().elements[1]})[0]),
            (Floats{4, 0, 3}));

  const Data numbers = make_map(Tensor::of<std::int64_t>({2}, Ints{3, 1}), floats({2}, {30, 10}));
  const auto cast = [&](std::vector<std::string> attributes) {
    const Graph graph = ml("CastMap", map_type(kInt64, tensor_type(kFloat, {})), std::move(attributes));
    return elements<float>(ref::evaluate(graph, std::vector{numbers})[0]);
  };
  EXPECT_EQ(cast({}), (Floats{10, 30}));
  EXPECT_EQ(cast({attribute("map_form", "SPARSE"), attribute("max_map", 5)}), (Floats{0, 10, 0, 30, 0}));
}

TEST(OnnxLinear, ScoresAndLabels) {
  const Graph graph =
      ml("LinearClassifier", rows_of(2),
         {attribute("coefficients", Floats{1, 0, 0, 1, -1, -1}), attribute("intercepts", Floats{0, 0.5F, 1}),
          attribute("classlabels_ints", Ints{4, 5, 6})},
         2);
  const std::vector<Data> found = ref::evaluate(graph, std::vector<Data>{floats({2, 2}, {2, 1, -1, -2})});
  EXPECT_EQ(elements<std::int64_t>(found[0]), (Ints{4, 6}));
  EXPECT_EQ(elements<float>(found[1]), (Floats{2, 1.5F, -2, -1, -1.5F, 4}));
}

TEST(OnnxSvm, PairsOfClassesVote) {
  // A support vector per class at 0, 10 and 20 and a linear kernel: class i beats j where x is nearer to it.
  const Graph graph =
      ml("SVMClassifier", rows_of(1),
         {attribute("kernel_type", "LINEAR"), attribute("vectors_per_class", Ints{1, 1, 1}),
          attribute("support_vectors", Floats{0, 10, 20}),
          attribute("coefficients", Floats{0.1F, -0.1F, -0.05F, 0.05F, 0.05F, -0.05F}),
          attribute("rho", Floats{5, 10, 7.5F}), attribute("classlabels_strings", Names{"a", "b", "c"})},
         2);
  const std::vector<Data> found = ref::evaluate(graph, std::vector<Data>{floats({3, 1}, {1, 9, 19})});
  EXPECT_EQ(elements<std::string>(found[0]), (Names{"a", "b", "c"}));
  // a or b: 5 - 0.1 · 10 x; a or c: 10 - 0.05 · 20 x; b or c: 7.5 + 0.05 · 10 x - 0.05 · 20 x.
  const Floats expected = {4, 9, 7, -4, 1, 3, -14, -9, -2};
  const Floats scores = elements<float>(found[1]);
  ASSERT_EQ(scores.size(), expected.size());
  for (std::size_t i = 0; i < scores.size(); ++i) EXPECT_NEAR(scores[i], expected[i], 1e-5) << i;
}

TEST(OnnxSvm, ProbabilitiesAddUp) {
  // Two classes: the coupled probabilities are those of the pair.
  const Graph graph = ml(
      "SVMClassifier", rows_of(1),
      {attribute("kernel_type", "RBF"), attribute("kernel_params", Floats{1, 0, 0}),
       attribute("vectors_per_class", Ints{1, 1}), attribute("support_vectors", Floats{0, 1}),
       attribute("coefficients", Floats{1, -1}), attribute("rho", Floats{0}), attribute("prob_a", Floats{-2}),
       attribute("prob_b", Floats{0}), attribute("classlabels_ints", Ints{0, 1})},
      2);
  const std::vector<Data> found = ref::evaluate(graph, std::vector<Data>{floats({1, 1}, {0})});
  EXPECT_EQ(elements<std::int64_t>(found[0]), (Ints{0}));
  const double decision = 1 - std::exp(-1.0);
  const double expected = 1 / (1 + std::exp(-2 * decision));
  const Floats shares = elements<float>(found[1]);
  // The iteration stops at 0.005 / 2.
  EXPECT_NEAR(shares[0], expected, 0.0025);
  EXPECT_NEAR(shares[0] + shares[1], 1, 1e-6);
}

TEST(OnnxFeatures, NormsImputersScalers) {
  EXPECT_EQ(evaluate_floats(ml("Normalizer", rows_of(2), {attribute("norm", "L1")}),
                            {floats({2, 2}, {1, -3, 0, 0})}),
            (Floats{0.25F, -0.75F, 0, 0}));
  EXPECT_EQ(evaluate_floats(ml("Imputer", rows_of(2),
                               {attribute("imputed_value_floats", Floats{7, 8}),
                                attribute("replaced_value_float", kNan)}),
                            {floats({2, 2}, {1, kNan, kNan, 4})}),
            (Floats{1, 8, 7, 4}));
  EXPECT_EQ(evaluate_floats(ml("Scaler", rows_of(2),
                               {attribute("offset", Floats{1, 2}), attribute("scale", Floats{2, 0.5F})}),
                            {floats({1, 2}, {3, 6})}),
            (Floats{4, 2}));
}

TEST(OnnxFeatures, PostTransforms) {
  const auto run = [](const char* transform, Floats x) {
    const auto columns = static_cast<std::int64_t>(x.size());
    Floats identity(x.size() * x.size(), 0);
    for (std::size_t i = 0; i < x.size(); ++i) identity[i * x.size() + i] = 1;
    const Graph graph = ml("LinearRegressor", rows_of(static_cast<int>(columns)),
                           {attribute("coefficients", identity), attribute("targets", columns),
                            attribute("post_transform", transform)});
    return evaluate_floats(graph, {floats({1, columns}, std::move(x))});
  };
  EXPECT_NEAR(run("LOGISTIC", {0, 2})[1], 1 / (1 + std::exp(-2.0)), 1e-6);
  EXPECT_NEAR(run("SOFTMAX", {0, 2})[0], 1 / (1 + std::exp(2.0)), 1e-6);
  // A score of 0 stands for no score.
  const Floats scored = run("SOFTMAX_ZERO", {0, 2, 2});
  EXPECT_EQ(scored, (Floats{0, 0.5F, 0.5F}));
  // Quantiles of the normal distribution, to the accuracy of the approximation.
  EXPECT_NEAR(run("PROBIT", {0.975F, 0.5F})[0], 1.959964, 6e-3);
  EXPECT_NEAR(run("PROBIT", {0.975F, 0.6F})[1], 0.253347, 1e-3);
  EXPECT_EQ(run("PROBIT", {0, 1})[0], -std::numeric_limits<float>::infinity());
}

}  // namespace
}  // namespace tenon::test
