// Links the runtime half alone.
#include <tenon/status.hpp>

int main() { return tenon::Status().ok() ? 0 : 1; }
