#include "tactics/timing_cache.hpp"

#include <tenon/error.hpp>

#include <gtest/gtest.h>

namespace tenon {
namespace {

TEST(TimingCache, TextRoundTrip) {
  TimingCache cache("machine A");
  cache.insert("conv(f32[1,3]) -> f32[1]", "cpu.conv@1{px=6}", 1234.5);
  cache.insert("relu()", "cpu.pointwise@1{}", 0.1);
  const std::string text = cache.to_text();
  EXPECT_EQ(text,
            "tenon timing cache 1\nmachine machine A\nconv(f32[1,3]) -> f32[1]\tcpu.conv@1{px=6}\t1234.5\n"
            "relu()\tcpu.pointwise@1{}\t0.1\n");
  EXPECT_EQ(TimingCache::parse(text).to_text(), text);
}

TEST(TimingCache, CountsHitsAndMisses) {
  TimingCache cache("A");
  cache.insert("p", "t", 5);
  EXPECT_EQ(cache.find("p", "t"), 5.0);
  EXPECT_FALSE(cache.find("p", "u").has_value());
  EXPECT_EQ(cache.hits(), 1u);
  EXPECT_EQ(cache.misses(), 1u);
}

TEST(TimingCache, MeasurementsOfOtherMachinesAreKeptButNotUsed) {
  TimingCache cache = TimingCache::parse("tenon timing cache 1\nmachine no such machine\np\tt\t5\n");
  EXPECT_FALSE(cache.find("p", "t").has_value());
  cache.insert("p", "t", 7);
  EXPECT_EQ(cache.find("p", "t"), 7.0);
  EXPECT_NE(cache.to_text().find("machine no such machine\np\tt\t5\n"), std::string::npos);
}

TEST(TimingCache, MergeKeepsTheSmallerTime) {
  TimingCache a("A"), b("A");
  a.insert("p", "t", 5);
  b.insert("p", "t", 4);
  b.insert("q", "t", 9);
  a.merge(b);
  EXPECT_EQ(a.find("p", "t"), 4.0);
  EXPECT_EQ(a.find("q", "t"), 9.0);
}

TEST(TimingCache, DamagedFilesAreRefusedWithTheLine) {
  const auto message = [](std::string_view text) -> std::string {
    try {
      static_cast<void>(TimingCache::parse(text));
    } catch (const ModelError& error) {
      return error.message();
    }
    return "accepted";
  };
  EXPECT_EQ(message(""), "not a timing cache: the file is empty");
  EXPECT_EQ(message("hello\n"), "not a timing cache: line 1 should be \"tenon timing cache 1\"");
  EXPECT_EQ(message("tenon timing cache 1\np\tt\t5\n"),
            "timing cache, line 2: a measurement before any machine");
  EXPECT_EQ(message("tenon timing cache 1\nmachine A\np t 5\n"),
            "timing cache, line 3: expected problem, tactic and time with tabs between");
  EXPECT_EQ(message("tenon timing cache 1\nmachine A\np\tt\t-5\n"),
            "timing cache, line 3: expected a time in nanoseconds, found '-5'");
  EXPECT_EQ(message("tenon timing cache 1\nmachine A\np\tt\tnan\n"),
            "timing cache, line 3: expected a time in nanoseconds, found 'nan'");
}

}  // namespace
}  // namespace tenon
