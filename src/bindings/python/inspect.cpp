// What files are, and what this build of Tenon consists of.
#include "bindings/python/bindings.hpp"

#include <tenon/inspect.hpp>

#include <nanobind/stl/filesystem.h>
#include <nanobind/stl/map.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

namespace tenon::python {
namespace {

using namespace nb::literals;

// One dict per row.
std::vector<std::map<std::string, std::string>> rows_of(const Listing& listing) {
  std::vector<std::map<std::string, std::string>> rows;
  for (const std::vector<std::string>& cells : listing.rows) {
    auto& row = rows.emplace_back();
    for (std::size_t i = 0; i < cells.size(); ++i) row[listing.columns[i]] = cells[i];
  }
  return rows;
}

}  // namespace

void bind_inspect(nb::module_& module) {
  module.def("version", &version, "Of the library.");
  nb::enum_<FileKind>(module, "FileKind")
      .value("engine", FileKind::engine)
      .value("image", FileKind::image)
      .value("npy", FileKind::npy)
      .value("model", FileKind::model);
  module.def("file_kind", &file_kind, "path"_a, Unlocked(),
             "Judged by the first bytes; a model is everything else that is not empty.");
  module.def("check_engine_file", &check_engine_file, "path"_a, Unlocked(),
             "Reads the whole file and recomputes every checksum; ModelError naming what is damaged.");
  module.def(
      "list_ops", [] { return rows_of(list_ops()); }, "Operators of the IR, one dict each.");
  module.def(
      "list_passes", [] { return rows_of(list_passes()); }, "In the order of the default pipeline.");
  module.def("list_tactics", [] { return rows_of(list_tactics()); });
  module.def("list_kernels", [] { return rows_of(list_kernels()); });
  module.def(
      "list_formats", [] { return rows_of(list_formats()); }, "Formats of models.");
  module.def(
      "list_knobs", [] { return rows_of(list_knobs()); }, "Settings from the environment.");
}

}  // namespace tenon::python
