#include "base/thread_pool.hpp"

#include "base/knobs.hpp"

#include <tenon/error.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#if defined(__linux__)
#include <sched.h>
#endif

namespace tenon {
namespace {

class ThreadPoolTest : public ::testing::TestWithParam<int> {
 protected:
  ThreadPool pool_{GetParam()};
};

TEST_P(ThreadPoolTest, RunsEveryIndexOnce) {
  for (const std::size_t count : {0u, 1u, 2u, 3u, 7u, 8u, 9u, 100u, 1001u}) {
    std::vector<int> owner(count, -1);
    pool_.run(count, [&](std::size_t i, int worker) {
      ASSERT_EQ(owner[i], -1);
      owner[i] = worker;
    });
    for (std::size_t i = 0; i < count; ++i) {
      ASSERT_GE(owner[i], 0);
      ASSERT_LT(owner[i], pool_.size());
    }
  }
}

TEST_P(ThreadPoolTest, RangesCoverTheCountAndBeginAtMultiplesOfTheGrain) {
  for (const std::size_t count : {1u, 15u, 16u, 17u, 1000u}) {
    for (const std::size_t grain : {0u, 1u, 16u, 2000u}) {
      std::vector<int> seen(count, 0);
      pool_.run_ranges(count, grain, [&](std::size_t begin, std::size_t end, int) {
        ASSERT_LT(begin, end);
        ASSERT_EQ(begin % std::max<std::size_t>(grain, 1), 0u);
        for (std::size_t i = begin; i < end; ++i) ++seen[i];
      });
      for (const int times : seen) ASSERT_EQ(times, 1);
    }
  }
}

TEST_P(ThreadPoolTest, AWorkerRunsOneTaskAtATime) {
  std::vector<std::atomic<int>> running(static_cast<std::size_t>(pool_.size()));
  std::atomic<bool> together{false};
  for (int round = 0; round < 50; ++round) {
    pool_.run(64, [&](std::size_t, int worker) {
      std::atomic<int>& count = running[static_cast<std::size_t>(worker)];
      if (count.fetch_add(1) != 0) together = true;
      count.fetch_sub(1);
    });
  }
  EXPECT_FALSE(together);
}

// The worker that has the last index waits until all others are done, so they must have been done by the
// rest.
TEST_P(ThreadPoolTest, OthersFinishTheShareOfAThreadThatIsHeldUp) {
  if (pool_.size() == 1) GTEST_SKIP() << "nobody else";
  constexpr std::size_t kCount = 100;
  std::atomic<std::size_t> done{0};
  std::atomic<bool> gave_up{false};
  pool_.run(kCount, [&](std::size_t i, int) {
    if (i == kCount - 1) {
      const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
      while (done.load() + 1 < kCount && !gave_up) gave_up = std::chrono::steady_clock::now() > end;
    }
    ++done;
  });
  EXPECT_FALSE(gave_up);
}

TEST_P(ThreadPoolTest, JobsAreWholeWhileWorkersStall) {
  std::vector<int> seen(64, 0);
  for (int round = 1; round <= 20; ++round) {
    pool_.run(seen.size(), [&](std::size_t i, int worker) {
      ++seen[i];
      if (worker == pool_.size() - 1 && i % 16 == 0)
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    });
    for (const int times : seen) ASSERT_EQ(times, round);
  }
}

// Its time is limited after that, and grows again.
TEST_P(ThreadPoolTest, AWorkerThatHeldUpJobsComesBack) {
  if (pool_.size() == 1) GTEST_SKIP() << "nobody else";
  const int last = pool_.size() - 1;
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  for (const int stalls : {5, 0}) {
    int left = stalls;
    std::atomic<int> taken{0};
    while ((left > 0 || taken.load() < 50) && std::chrono::steady_clock::now() < end) {
      std::atomic<bool> stall{left > 0};
      std::vector<int> seen(64, 0);
      pool_.run(seen.size(), [&](std::size_t i, int worker) {
        ++seen[i];
        std::this_thread::yield();
        if (worker != last) return;
        ++taken;
        if (stall.exchange(false)) std::this_thread::sleep_for(std::chrono::milliseconds(3));
      });
      for (const int times : seen) ASSERT_EQ(times, 1);
      left -= left > 0 && !stall ? 1 : 0;
    }
    EXPECT_EQ(left, 0);
    EXPECT_GE(taken.load(), 50);
  }
}

TEST_P(ThreadPoolTest, ResultsOfTheTasksAreVisibleAfterwards) {
  std::vector<std::size_t> values(512);
  for (std::size_t round = 0; round < 500; ++round) {
    pool_.run(values.size(), [&](std::size_t i, int) { values[i] = i + round; });
    for (std::size_t i = 0; i < values.size(); ++i) ASSERT_EQ(values[i], i + round);
  }
}

TEST_P(ThreadPoolTest, NestedCallsRunInlineWithTheSameWorker) {
  std::vector<std::vector<int>> inner(16, std::vector<int>(8, -1));
  std::vector<int> outer(16, -1);
  pool_.run(outer.size(), [&](std::size_t i, int worker) {
    outer[i] = worker;
    pool_.run(inner[i].size(), [&](std::size_t j, int nested) { inner[i][j] = nested; });
  });
  for (std::size_t i = 0; i < outer.size(); ++i) {
    for (const int worker : inner[i]) EXPECT_EQ(worker, outer[i]);
  }
}

// The counters are plain: if two jobs overlapped, two callers' tasks would race on them.
TEST_P(ThreadPoolTest, ServesSeveralCallersInTurn) {
  if (pool_.size() == 1) GTEST_SKIP() << "what is not split takes no turn";
  struct alignas(64) Counter {
    std::size_t value = 0;
  };
  std::vector<Counter> per_worker(static_cast<std::size_t>(pool_.size()));
  std::vector<std::thread> callers;
  for (int caller = 0; caller < 4; ++caller) {
    callers.emplace_back([&] {
      for (int round = 0; round < 100; ++round) {
        pool_.run(32, [&](std::size_t, int worker) { ++per_worker[static_cast<std::size_t>(worker)].value; });
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  std::size_t total = 0;
  for (const Counter& counter : per_worker) total += counter.value;
  EXPECT_EQ(total, 4u * 100u * 32u);
}

INSTANTIATE_TEST_SUITE_P(Sizes, ThreadPoolTest, ::testing::Values(1, 2, 3, 8));

TEST(ThreadPool, WorkersWakeAfterSleeping) {
  for (const char* spin : {"0", "50"}) {
    const ScopedKnob knob("spin_us", spin);
    ThreadPool pool(4);
    for (int round = 0; round < 5; ++round) {
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
      std::atomic<int> sum{0};
      pool.run(4, [&](std::size_t, int) { ++sum; });
      ASSERT_EQ(sum.load(), 4);
    }
  }
}

TEST(ThreadPool, IsMadeAndDestroyedIdle) {
  for (int round = 0; round < 50; ++round) const ThreadPool pool(3);
}

// A worker that was woken for a job may come too late for it and find the seat that the destructor opened. It
// takes some thousand pools to meet one: workers have to be awake, and jobs to end as they look.
TEST(ThreadPool, IsDestroyedRightAfterAJob) {
  for (int i = 0; i < 2000; ++i) {
    ThreadPool pool(2 + i % 2);
    std::atomic<int> present{0};
    const auto end = std::chrono::steady_clock::now() + std::chrono::microseconds(200);
    pool.run(static_cast<std::size_t>(pool.size()), [&](std::size_t, int) {
      present.fetch_add(1);
      while (present.load() < pool.size() && std::chrono::steady_clock::now() < end) {
      }
    });
    std::atomic<int> calls{0};
    for (int job = 0; job < 50; ++job) pool.run(2, [&](std::size_t, int) { calls.fetch_add(1); });
    ASSERT_EQ(calls.load(), 100);
  }
}

TEST(ThreadPool, ATaskMayUseAnotherPoolInline) {
  ThreadPool one(2);
  ThreadPool two(2);
  std::atomic<int> sum{0};
  one.run(8, [&](std::size_t, int) { two.run(8, [&](std::size_t, int) { ++sum; }); });
  EXPECT_EQ(sum.load(), 64);
}

#if defined(__linux__)
// Where there is but one core, workers share the caller's, from which they would move.
TEST(ThreadPool, ThreadsStayOnTheCoresThatTheyAreHeldTo) {
  cpu_set_t before;
  ASSERT_EQ(sched_getaffinity(0, sizeof before, &before), 0);
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(static_cast<std::size_t>(sched_getcpu()), &one);
  for (const cpu_set_t& held_to : {one, before}) {
    ASSERT_EQ(sched_setaffinity(0, sizeof held_to, &held_to), 0);
    ThreadPool pool(3);
    std::atomic<int> others{0};
    for (int round = 0; round < 20; ++round) {
      std::atomic<int> present{0};
      const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(5);
      pool.run(3, [&](std::size_t, int) {
        ++present;
        while (present < 3 && std::chrono::steady_clock::now() < end) std::this_thread::yield();
        cpu_set_t now;
        if (sched_getaffinity(0, sizeof now, &now) != 0 || CPU_EQUAL(&now, &held_to) == 0) ++others;
      });
    }
    EXPECT_EQ(others.load(), 0);
  }
  ASSERT_EQ(sched_setaffinity(0, sizeof before, &before), 0);
}
#endif

TEST(ThreadPool, RefusesNoThreads) { EXPECT_THROW(ThreadPool(0), ModelError); }

TEST(ThreadPool, DefaultPoolHasThreads) { EXPECT_GE(default_thread_pool().size(), 1); }

}  // namespace
}  // namespace tenon
