// Forms of convolutions and products that multiply tiles of matrices (AMX): those with a member kMatrices.
#pragma once

namespace tenon::cpu {

template <class Form>
inline constexpr bool kByMatrices = requires {
  Form::kMatrices;
};

}  // namespace tenon::cpu
