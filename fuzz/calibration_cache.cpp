// Calibration caches and tables from strangers: reading one must end in a ModelError or in what prints as
// text that reads back to the same, and whatever table was read, ranges can be chosen from it.
#include <tenon/calibrate.hpp>
#include <tenon/error.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace {

void demand(bool condition) {
  if (!condition) std::abort();
}

void read_cache(std::string_view text) {
  const tenon::CalibrationCache cache = tenon::parse_calibration_cache(text);
  const std::string again = cache.to_text();
  demand(tenon::parse_calibration_cache(again).to_text() == again);
}

void read_table(std::string_view text) {
  tenon::CalibrationTable table = tenon::CalibrationTable::parse(text);
  const std::string again = table.to_text();
  demand(tenon::CalibrationTable::parse(again).to_text() == again);
  const tenon::CalibrationRule rules[] = {
      tenon::parse_calibration_rule("entropy-2"), tenon::parse_calibration_rule("percentile:99.9"),
      tenon::parse_calibration_rule("mse"), tenon::parse_calibration_rule("legacy:0.99,0.5")};
  tenon::choose_ranges(table, rules);
  demand(tenon::CalibrationTable::parse(table.to_text()).to_text() == table.to_text());
}

template <class Read>
void run(Read read, std::string_view text) {
  try {
    read(text);
  } catch (const tenon::InternalError&) {
    throw;  // ours: a finding
  } catch (const tenon::Error&) {
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  run(read_cache, text);
  run(read_table, text);
  return 0;
}
