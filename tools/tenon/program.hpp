// The frame of the command: subcommands, exit codes, where results and messages go.
//
// Results go to stdout, everything else to stderr. Exit code 0: done; 1: the model, a file or the arguments
// are wrong; 2: Tenon is.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <functional>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace tenon::tool {

inline constexpr int kDone = 0;
inline constexpr int kWrongInput = 1;
inline constexpr int kWrongTenon = 2;

class Program {
 public:
  explicit Program(CLI::App& app) : app_(app) {}

  // A subcommand, which has the option --plugin; `run` is called when it was chosen and its options have been
  // read, and returns the exit code.
  CLI::App& add(const std::string& name, const std::string& description, std::function<int()> run);

  // What was chosen, once the command line has been parsed.
  int run() const;

 private:
  CLI::App& app_;
  std::vector<std::string> plugins_;
  std::function<int()> chosen_;
};

void add_bench(Program& program);
void add_build(Program& program);
void add_calibrate(Program& program);
void add_dump(Program& program);
void add_evaluate(Program& program);
void add_explain(Program& program);
void add_inspect(Program& program);
void add_list(Program& program);
void add_opt(Program& program);
void add_quantize(Program& program);
void add_run(Program& program);
void add_verify(Program& program);

// Messages may quote what files hold: control characters (but line ends) and bytes that are not UTF-8 become
// escapes.
std::string printable(const std::string& text);

// To stdout. ModelError when it cannot be written (a closed pipe, a full disk).
void print(const std::string& text);
void print_json(const nlohmann::ordered_json& json);

}  // namespace tenon::tool
