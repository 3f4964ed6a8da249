// Models of one node with stored operands and answers, as text. A case is a line
//
//   case NAME DOMAIN OPSET OPERATOR
//
// and lines that follow it, operands and results in order:
//
//   attr NAME i|f|s|is|fs|ss VALUES…
//   in|const|out TYPE [DIMS] VALUES…    a dim is a number, or NAME=NUMBER: it may be left open
//   none, none out                      an operand or result that is left out
//   within X                            how far results may be off; without it, by rounding alone
//
// An expected "nan" stands for anything.
#pragma once

#include "onnx/model_writer.hpp"

#include <tenon/tensor.hpp>

#include <cstdint>
#include <filesystem>
#include <ostream>
#include <string>
#include <vector>

namespace tenon::test {

struct CaseTensor {
  enum class Kind : std::uint8_t { input, constant, absent, output };
  Kind kind = Kind::absent;
  Tensor value;
  std::vector<std::string> names;  // of its dims; "" where a dim is fixed
};

struct StoredCase {
  std::string name, domain, op;
  std::int64_t version = 1;
  double within = 0;  // absolute; 0: within rounding
  std::vector<std::string> attributes;
  std::vector<CaseTensor> operands, results;
};

inline std::ostream& operator<<(std::ostream& stream, const StoredCase& c) { return stream << c.name; }

std::vector<StoredCase> read_cases(const std::filesystem::path& path);

// Its operands are "x0", "x1", …, its results "y0", …; dims with a name are symbols when `open`.
ModelText model_of(const StoredCase& c, bool open);

}  // namespace tenon::test
