// Textual IR from strangers: reading it must end in a graph or in a ModelError. A graph that was read is
// sound, prints as text that reads back to the same graph, and stays sound through the passes.
#include "ir/parser.hpp"
#include "ir/printer.hpp"
#include "ops/registry.hpp"
#include "passes/pipelines.hpp"

#include <tenon/error.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace {

void check(const tenon::Graph& graph) {
  graph.verify();
  tenon::BlobStore blobs;
  const std::string text = tenon::print(graph, &blobs);
  if (!(tenon::parse(text, tenon::builtin_ops(), &blobs) == graph)) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    tenon::Graph graph = tenon::parse(text, tenon::builtin_ops());
    check(graph);
    tenon::run_pipeline(graph, tenon::default_pipeline(), {});
    check(graph);
  } catch (const tenon::InternalError&) {
    throw;  // ours: a finding
  } catch (const tenon::Error&) {
  }
  return 0;
}
