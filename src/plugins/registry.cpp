#include "plugins/registry.hpp"

#include "base/check.hpp"
#include "base/text.hpp"
#include "ops/registry.hpp"

#include <algorithm>
#include <map>
#include <mutex>
#include <tuple>
#include <utility>

namespace tenon {
namespace {

using Key = std::tuple<std::string, std::string, std::int64_t>;

struct PluginTable {
  std::mutex mutex;
  std::map<Key, std::shared_ptr<const PluginEntry>> entries;
};

// Not destroyed: engines may outlive main().
PluginTable& plugin_table() {
  static PluginTable& table = *new PluginTable();
  return table;
}

bool is_field_name(std::string_view name) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  return !name.empty() && letter(name.front()) &&
         std::all_of(name.begin(), name.end(), [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

std::shared_ptr<const PluginEntry> describe_plugin(std::shared_ptr<const Plugin> plugin) {
  TENON_REQUIRE(plugin != nullptr, "a plugin is null");
  auto entry = std::make_shared<PluginEntry>();
  entry->name = plugin->name();
  entry->op = to_string(entry->name);
  entry->fields = plugin->fields();
  entry->plugin = std::move(plugin);
  const auto& [domain, name, version] = entry->name;
  for (const std::string& part : {domain, name}) {
    TENON_REQUIRE(part.find(':') == std::string::npos && is_valid_utf8(part),
                  "the plugin name {} is malformed", quote(entry->op));
  }
  TENON_REQUIRE(!name.empty() && version >= 1, "the plugin {} needs a name, and a version from 1 on",
                quote(entry->op));
  for (std::size_t i = 0; i < entry->fields.size(); ++i) {
    const std::string& field = entry->fields[i].name;
    TENON_REQUIRE(is_field_name(field), "the plugin {} has a field {}: letters, digits and '_' are allowed",
                  quote(entry->op), quote(field));
    for (std::size_t j = 0; j < i; ++j) {
      TENON_REQUIRE(entry->fields[j].name != field, "the plugin {} has two fields {}", quote(entry->op),
                    quote(field));
    }
  }
  return entry;
}

}  // namespace

void register_plugin(std::shared_ptr<const Plugin> plugin) {
  std::shared_ptr<const PluginEntry> entry = describe_plugin(std::move(plugin));
  PluginTable& table = plugin_table();
  const std::lock_guard lock(table.mutex);
  const PluginName& name = entry->name;
  const bool added = table.entries.emplace(Key{name.domain, name.name, name.version}, entry).second;
  TENON_REQUIRE(added, "there is a plugin {} already", quote(entry->op));
  extend_builtin_ops(op::plugin(std::move(entry)));
}

std::vector<PluginName> registered_plugins() {
  PluginTable& table = plugin_table();
  const std::lock_guard lock(table.mutex);
  std::vector<PluginName> names;
  for (const auto& [key, entry] : table.entries) names.push_back(entry->name);
  return names;
}

std::shared_ptr<const PluginEntry> find_plugin(std::string_view domain, std::string_view name,
                                               std::int64_t newest) {
  PluginTable& table = plugin_table();
  const std::lock_guard lock(table.mutex);
  auto above = table.entries.upper_bound(Key{domain, name, newest});
  if (above == table.entries.begin()) return nullptr;
  const PluginEntry& entry = *(--above)->second;
  return entry.name.domain == domain && entry.name.name == name ? above->second : nullptr;
}

std::vector<std::int64_t> plugin_versions(std::string_view domain, std::string_view name) {
  std::vector<std::int64_t> versions;
  for (const PluginName& plugin : registered_plugins()) {
    if (plugin.domain == domain && plugin.name == name) versions.push_back(plugin.version);
  }
  return versions;
}

}  // namespace tenon
