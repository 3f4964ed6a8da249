// The plugins of the process. They are added and never removed, so what refers to them stays valid.
#pragma once

#include "plugins/plugin_op.hpp"

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace tenon {

// The newest version up to `newest` of a plugin; null when there is none. Thread-safe, as are the functions
// of <tenon/plugin.hpp>.
std::shared_ptr<const PluginEntry> find_plugin(std::string_view domain, std::string_view name,
                                               std::int64_t newest);

// Versions that are registered, ascending.
std::vector<std::int64_t> plugin_versions(std::string_view domain, std::string_view name);

}  // namespace tenon
