// WCAM_SIMULATION_SCHEDULES=N runs N schedules instead of the usual number; WCAM_SIMULATION_SEED=S runs the
// one of seed S and prints what happens in it.
#include "tests/coordinator/simulation/simulation.h"

#include <gtest/gtest.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace wcam::simulation {
namespace {

#ifdef __SANITIZE_ADDRESS__
constexpr std::uint64_t kSchedules = 1'000;
#else
constexpr std::uint64_t kSchedules = 10'000;
#endif

std::string replay_command;  // of the schedule being run

void tell_how_to_replay() { std::fprintf(stderr, "replay: %s\n", replay_command.c_str()); }

// The code under test aborts when its invariants are broken.
void on_abort(int) {
  tell_how_to_replay();
  std::signal(SIGABRT, SIG_DFL);
}

std::uint64_t number_from(const char* variable, std::uint64_t otherwise) {
  const char* text = std::getenv(variable);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

class Simulation : public testing::Test {
 protected:
  void SetUp() override {
    log_level_ = spdlog::get_level();
    spdlog::set_level(spdlog::level::off);  // thousands of workers are lost
    std::signal(SIGABRT, on_abort);
  }
  void TearDown() override {
    std::signal(SIGABRT, SIG_DFL);
    spdlog::set_level(log_level_);
  }

  // False when something did not hold.
  bool run(std::uint64_t seed, bool traced) {
    replay_command = "WCAM_SIMULATION_SEED=" + std::to_string(seed) + " simulation_tests";
    try {
      for (const auto& [what, count] : simulate(seed, traced)) happenings_[what] += count;
      return true;
    } catch (const Violation& e) {
      ADD_FAILURE() << "seed " << seed << ": " << e.what();
    }
    tell_how_to_replay();
    return false;
  }

  Happenings happenings_;

 private:
  spdlog::level::level_enum log_level_{};
};

TEST_F(Simulation, EveryScheduleEndsWithEveryJobDoneOnce) {
  if (std::getenv("WCAM_SIMULATION_SEED") != nullptr) {
    run(number_from("WCAM_SIMULATION_SEED", 0), true);
    return;
  }
  const std::uint64_t schedules = number_from("WCAM_SIMULATION_SCHEDULES", kSchedules);
  for (std::uint64_t seed = 1; seed <= schedules; ++seed)
    if (!run(seed, false)) return;
  for (const auto& [what, count] : happenings_)
    std::printf("%10ju  %s\n", std::uintmax_t{count}, what.c_str());
  if (schedules < kSchedules) return;
  // A world in which these do not happen would prove little.
  for (const char* what : {"jobs adopted",
                           "jobs cancelled",
                           "jobs done after they were set aside",
                           "jobs done by an earlier attempt",
                           "jobs returned: failed",
                           "jobs returned: given_back",
                           "jobs returned: lost",
                           "jobs returned: not_received",
                           "jobs returned: restart",
                           "jobs set aside",
                           "images set aside",
                           "images retried",
                           "jobs retried",
                           "operator: pause",
                           "operator: resume",
                           "operator: drain",
                           "operator: cancel",
                           "operator: retry",
                           "messages lost",
                           "segments collected",
                           "stores that failed",
                           "commits without room",
                           "operators refused without room",
                           "slow commits",
                           "one of two attempts ended",
                           "second attempts",
                           "sends told no",
                           "pieces without room",
                           "workers killed by a job"})
    EXPECT_GE(happenings_[what], schedules / 100) << what;
}

TEST_F(Simulation, OneSeedIsOneSchedule) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) EXPECT_EQ(simulate(seed, false), simulate(seed, false));
}

}  // namespace
}  // namespace wcam::simulation
