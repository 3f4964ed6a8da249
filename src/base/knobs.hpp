// Settings of the process that are not worth an API: for experts, tests and bug reports. All are listed in
// knobs.inc, each is read with a function of its name in namespace knobs, e.g. knobs::threads().
//
// A value comes from set_knob(), else from the environment (TENON_THREADS), else it is the fallback. It is
// read anew by each call, so it is for set-up code, not for inner loops. A value that cannot be parsed or is
// out of range is a ModelError. Thread-safe, as long as nobody changes the environment meanwhile.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tenon {

namespace knobs {

#define TENON_KNOB_BOOL(name, fallback, doc) bool name();
#define TENON_KNOB_INT(name, fallback, lowest, highest, doc) std::int64_t name();
#define TENON_KNOB_TEXT(name, fallback, doc) std::string name();
#include "base/knobs.inc"
#undef TENON_KNOB_BOOL
#undef TENON_KNOB_INT
#undef TENON_KNOB_TEXT

}  // namespace knobs

struct KnobInfo {
  std::string_view name;             // "spin_us"
  std::string variable;              // "TENON_SPIN_US"
  std::string_view type;             // "bool", "int" or "text"
  std::string fallback;              // as text
  std::optional<std::string> value;  // as set, unparsed; nothing where the fallback holds
  std::string_view doc;
};

std::vector<KnobInfo> all_knobs();

// Overrides the environment, or with nullopt stops doing so. ModelError for an unknown name, not for a bad
// value: that is reported where the knob is read.
void set_knob(std::string_view name, std::optional<std::string> value);

// Holds a knob at a value for the length of a scope, for tests.
class ScopedKnob {
 public:
  ScopedKnob(std::string_view name, std::string value);
  ~ScopedKnob();
  ScopedKnob(const ScopedKnob&) = delete;
  ScopedKnob& operator=(const ScopedKnob&) = delete;

 private:
  std::string name_;
  std::optional<std::string> before_;
};

}  // namespace tenon
