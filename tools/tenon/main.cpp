#include "program.hpp"

#include <tenon/error.hpp>
#include <tenon/inspect.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <csignal>
#include <cstdio>
#include <exception>
#include <new>

namespace {

using namespace tenon::tool;

int complain(const std::string& message, int code) {
  fmt::print(stderr, "tenon: {}\n", printable(message));
  return code;
}

int run(CLI::App& app, Program& program, int argc, char** argv) {
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& success) {
    return app.exit(success);  // --help, --version
  } catch (const CLI::ParseError& error) {
    std::string name = "tenon";
    for (const CLI::App* sub : app.get_subcommands()) name += " " + sub->get_name();
    return complain(fmt::format("{} (see {} --help)", error.what(), name), kWrongInput);
  }
  return program.run();
}

}  // namespace

int main(int argc, char** argv) {
  // A reader that goes away is reported as a failed write, after which temporary files are removed as usual.
  std::signal(SIGPIPE, SIG_IGN);
  CLI::App app("Optimizes neural networks and runs them.", "tenon");
  app.set_version_flag("--version", "tenon " + tenon::version());
  app.require_subcommand(1);
  app.footer("Exit code: 0 done, 1 the model, a file or the arguments are wrong, 2 Tenon is.");
  try {
    Program program(app);
    add_build(program);
    add_calibrate(program);
    add_quantize(program);
    add_run(program);
    add_bench(program);
    add_verify(program);
    add_evaluate(program);
    add_inspect(program);
    add_explain(program);
    add_dump(program);
    add_opt(program);
    add_list(program);
    return run(app, program, argc, argv);
  } catch (const tenon::Error& error) {
    const bool internal = error.kind() == tenon::ErrorKind::internal;
    return complain(
        internal ? fmt::format("internal error, please report it: {}", error.what()) : error.what(),
        internal ? kWrongTenon : kWrongInput);
  } catch (const std::bad_alloc&) {
    return complain("out of memory", kWrongInput);
  } catch (const std::filesystem::filesystem_error& error) {
    return complain(error.what(), kWrongInput);
  } catch (const std::exception& error) {
    return complain(fmt::format("internal error, please report it: {}", error.what()), kWrongTenon);
  }
}
