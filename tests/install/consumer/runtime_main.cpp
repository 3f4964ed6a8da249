// Links the runtime half alone.
#include <tenon/engine.hpp>

#include <cstddef>
#include <vector>

int main() {
  try {
    tenon::Engine::deserialize(std::vector<std::byte>(100));
  } catch (const tenon::ModelError&) {
    return 0;
  }
  return 1;
}
