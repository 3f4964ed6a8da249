#include "base/knobs.hpp"

#include "base/logging.hpp"
#include "base/progress.hpp"

#include <tenon/error.hpp>

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <tuple>
#include <vector>

namespace tenon {
namespace {

std::string error_of(std::int64_t (*read)()) {
  try {
    read();
  } catch (const ModelError& error) {
    return error.what();
  }
  return "no error";
}

TEST(Knobs, ReadTheEnvironmentAndOverridesWin) {
  unsetenv("TENON_SPIN_US");
  const std::int64_t fallback = knobs::spin_us();
  setenv("TENON_SPIN_US", "7", 1);
  EXPECT_EQ(knobs::spin_us(), 7);
  {
    const ScopedKnob knob("spin_us", "9");
    EXPECT_EQ(knobs::spin_us(), 9);
    {
      const ScopedKnob inner("spin_us", "10");
      EXPECT_EQ(knobs::spin_us(), 10);
    }
    EXPECT_EQ(knobs::spin_us(), 9);
  }
  EXPECT_EQ(knobs::spin_us(), 7);
  unsetenv("TENON_SPIN_US");
  EXPECT_EQ(knobs::spin_us(), fallback);
}

TEST(Knobs, BadValuesNameTheVariableAndTheRange) {
  for (const char* bad : {"many", "5x", "-1", "99999999999999999999", " 5"}) {
    const ScopedKnob knob("threads", bad);
    EXPECT_EQ(error_of(knobs::threads),
              "TENON_THREADS is '" + std::string(bad) + "': expected an integer from 0 to 4096");
  }
  EXPECT_THROW(set_knob("no_such_knob", "1"), ModelError);
}

TEST(Knobs, AreListedWithTheirValueAndDocumentation) {
  const ScopedKnob knob("threads", "3");
  bool found = false;
  std::string previous;
  for (const KnobInfo& info : all_knobs()) {
    EXPECT_FALSE(info.doc.empty()) << info.name;
    EXPECT_LT(previous, info.name) << "knobs.inc is sorted by name";
    previous = info.name;
    if (info.name != "threads") continue;
    found = true;
    EXPECT_EQ(info.variable, "TENON_THREADS");
    EXPECT_EQ(info.type, "int");
    EXPECT_EQ(info.value, "3");
  }
  EXPECT_TRUE(found);
}

TEST(Logging, GoesToTheSinkFromTheThresholdUp) {
  std::vector<std::string> lines;
  log_warning("nobody {}", "listens");
  set_log_sink([&](LogLevel level, std::string_view text) {
    lines.push_back(std::string(to_string(level)) + ": " + std::string(text));
  });
  log_debug("not {}", 1);
  log_info("packed {} weights", 2);
  log(LogLevel::error, "{}", "bad");
  set_log_sink({});
  log_info("silent again");
  EXPECT_EQ(lines, (std::vector<std::string>{"info: packed 2 weights", "error: bad"}));
}

using Report = std::tuple<std::string, std::size_t, std::size_t>;

TEST(Progress, BeginsAtZeroEndsAtTotalAndThinsOut) {
  std::vector<Report> reports;
  const ProgressCallback callback = [&](std::string_view task, std::size_t done, std::size_t total) {
    reports.emplace_back(task, done, total);
  };
  {
    ProgressTask task(callback, "tuning", 100000);
    for (int i = 0; i < 100000; ++i) task.advance();
  }
  ASSERT_EQ(reports.size(), 101u);
  EXPECT_EQ(reports.front(), Report("tuning", 0, 100000));
  EXPECT_EQ(reports.back(), Report("tuning", 100000, 100000));
}

TEST(Progress, ReportsTheEndOnceUnlessAnExceptionPasses) {
  std::vector<std::size_t> dones;
  const ProgressCallback callback = [&](std::string_view, std::size_t done, std::size_t) {
    dones.push_back(done);
  };
  {
    ProgressTask task(callback, "a", 10);
    task.advance(3);
  }
  EXPECT_EQ(dones, (std::vector<std::size_t>{0, 3, 10}));
  dones.clear();
  try {
    const ProgressTask task(callback, "b", 10);
    throw ModelError("stop");
  } catch (const ModelError&) {
  }
  EXPECT_EQ(dones, (std::vector<std::size_t>{0}));
  const ProgressCallback nobody;
  ProgressTask task(nobody, "c", 2);
  task.advance(5);
}

}  // namespace
}  // namespace tenon
