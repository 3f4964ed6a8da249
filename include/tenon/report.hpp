// A page that shows what quantizing a network does: histograms and thresholds, what each layer loses, which
// layers run on integers, and the accuracy that this leaves. One HTML file that needs no other.
#pragma once

#include <tenon/calibration_table.hpp>
#include <tenon/int8.hpp>
#include <tenon/network.hpp>
#include <tenon/sensitivity.hpp>

#include <cstddef>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace tenon {

// All that the page shows; what is empty is left out of it. Names may be any bytes.
struct QuantizationReport {
  // A node of the network, for the map; nodes that make constants are left out.
  struct Node {
    std::string location;  // in the model
    std::string op;
    std::string tensor;                // that it computes, the first of several
    std::vector<std::size_t> sources;  // nodes before it whose results it reads
  };
  // One step of a search for the layers that should not run on integers.
  struct Trial {
    std::size_t int8_layers = 0;  // of all that could
    double accuracy = 0;          // in the unit of `measure`
    std::string change;           // "conv_1 back to FP32"
  };

  std::string network;                                     // its name
  std::vector<std::pair<std::string, std::string>> facts;  // for the head of the page: "Top-1", "98.5 %"
  CalibrationTable table;
  CalibrationRule rule;                          // whose ranges count …
  std::map<std::string, CalibrationRule> rules;  // … unless the tensor is named here
  std::vector<Node> nodes;                       // in the order of the network
  std::vector<LayerPrecision> layers;
  std::vector<LayerSensitivity> sensitivity;
  std::string measure = "Accuracy";  // of the trials
  std::vector<Trial> trials;
  double reference = 0;  // what FP32 reaches in that measure; 0: not known
};

// With the network's nodes and the table, whose ranges are chosen by all calibrators that its mode allows, so
// that the page can compare them.
QuantizationReport start_report(const Network& network, const CalibrationTable& table);

// The page: no network access, no script from elsewhere.
std::string to_html(const QuantizationReport& report);

}  // namespace tenon
