// Cases of model formats: folders that a script has written, each with a model, inputs and expected outputs.
//
// case.json names the model's file, the .npy files by inputs and outputs, and may hold input_shapes,
// input_orders and outputs_wanted for the importer, `terms` (the products in the longest sum) and `steps`
// (how far a stored integer may be off).
#pragma once

#include <tenon/import.hpp>

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace tenon::test {

struct FormatCase {
  std::string name;
  std::filesystem::path model;
  ImportOptions options;
  std::map<std::string, Tensor> inputs;
  std::map<std::string, Tensor> outputs;
  double terms = 1;
  double steps = 0;
};

// Of the folder that the environment variable names; none when it is not set or not there.
std::vector<FormatCase> format_cases(const char* variable);

// The lines of operations.txt in that folder.
std::set<std::string> covered_operations(const char* variable);

// The names in the first columns of the tables of a page of docs/ that begin with "operation".
std::set<std::string> documented_operations(const std::string& page);

// As imported on the reference backend; and built with passes, then saved and reloaded.
void expect_reference_results(const FormatCase& one);
void expect_engine_results(const FormatCase& one);

}  // namespace tenon::test
