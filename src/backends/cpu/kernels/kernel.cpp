#include "backends/cpu/kernels/kernel.hpp"

namespace tenon::cpu {

const KernelRegistry& kernel_registry() {
  static const KernelRegistry registry = [] {
    KernelRegistry r;
    register_all_cpu_kernel(r);
    return r;
  }();
  return registry;
}

}  // namespace tenon::cpu
