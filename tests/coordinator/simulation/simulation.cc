#include "tests/coordinator/simulation/simulation.h"

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "tests/coordinator/simulation/coordinator.h"
#include "tests/coordinator/simulation/worker.h"
#include "tests/coordinator/simulation/world.h"

namespace wcam::simulation {

namespace {

constexpr std::chrono::seconds kLease{5}, kHeartbeat{1};
constexpr milliseconds kFaultsUntil{15'000};  // then nothing is injected any more
constexpr std::chrono::seconds kEndsWithin{
    1'800};  // some minutes for what was injected, the rest for the work
constexpr milliseconds kSupervision{1'000};
constexpr std::uint64_t kRealLedgerOneIn = 50, kCollectsOneIn = 10;

class Simulation {
 public:
  Simulation(std::uint64_t seed, bool traced)
      : world_(seed, traced), coordinator_(world_, world_.chance.one_in(kRealLedgerOneIn)) {}

  Happenings run() {
    world_.clock.after(milliseconds{0}, [this] { coordinator_.run(true); });
    wanted_workers_ = world_.chance.between(1, 4);
    for (std::uint64_t i = 0; i < wanted_workers_; ++i) start_worker();
    world_.clock.after(kSupervision, [this] { supervise(); });
    if (!world_.chance.one_in(8)) plan_faults();
    if (world_.chance.one_in(2)) plan_operations();
    while (!coordinator_.finished()) world_.step();
    if (world_.network.turned_away() > 0) world_.referee.something_was_injected();
    world_.referee.judge(coordinator_.recorded(), coordinator_.counters());
    Happenings& happenings = world_.referee.happenings;
    happenings["schedules"] = 1;
    happenings["virtual seconds"] = static_cast<std::uint64_t>(world_.clock.elapsed().count()) / 1000;
    happenings["messages lost"] = world_.network.lost();
    happenings["sends told no"] = world_.network.turned_away();
    return happenings;
  }

 private:
  void start_worker() {
    workers_.push_back(std::make_unique<Worker>(world_, "w" + std::to_string(workers_.size())));
  }

  // `wcam run`, Slurm or a person: what has ended starts again, so that there is always someone to do the
  // work.
  void supervise() {
    world_.clock.after(kSupervision, [this] { supervise(); });
    if (!coordinator_.alive()) {
      if (world_.clock.now() >= coordinator_away_until_) coordinator_.run(world_.chance.one_in(2));
      return;
    }
    std::uint64_t alive = 0;
    for (const auto& worker : workers_) alive += static_cast<std::uint64_t>(worker->is_of_use());
    if (alive == 0 || (alive < wanted_workers_ && world_.chance.one_in(3))) start_worker();
  }

  void plan_faults() {
    world_.referee.something_was_injected();
    const auto faults = world_.chance.between(1, 12);
    world_.referee.happenings["faults"] = faults;
    for (std::uint64_t i = 0; i < faults; ++i)
      world_.clock.after(world_.chance.time(milliseconds{0}, kFaultsUntil), [this] { inject(); });
  }

  // An operator, who in the end lets everything go on that was paused.
  void plan_operations() {
    const auto requests = world_.chance.between(1, 6);
    for (std::uint64_t i = 0; i < requests; ++i)
      world_.clock.after(world_.chance.time(milliseconds{0}, kFaultsUntil), [this] { apply_request(); });
    resume_in_the_end(kFaultsUntil);
  }

  // Said again and again: a coordinator may die before it is durable.
  void resume_in_the_end(milliseconds delay) {
    world_.clock.after(delay, [this] {
      resume_in_the_end(kSupervision);
      if (coordinator_.recorded().course() != Course::kPaused) return;
      wire::Request request;
      request.mutable_resume();
      coordinator_.apply_request(request);
    });
  }

  void apply_request() {
    wire::Request request;
    switch (world_.chance.below(10)) {
      case 0:
      case 1:
        request.mutable_pause();
        break;
      case 2:
        request.mutable_resume();
        break;
      case 3:
      case 4: {
        const SweepState state = coordinator_.recorded();
        if (state.workers().empty()) return;
        request.mutable_drain()->set_worker(
            state.workers()[world_.chance.below(state.workers().size())].name);
        break;
      }
      case 5:
      case 6:
        choose(*request.mutable_cancel()->mutable_choice());
        break;
      case 7:
        choose(*request.mutable_retry()->mutable_choice());
        break;
      default:
        request.mutable_retry()->mutable_choice()->set_all(true);
    }
    coordinator_.apply_request(request);
  }

  void choose(wire::JobSelector& choice) {
    const Plan& plan = world_.study.plan();
    const SweepState state = coordinator_.recorded();
    switch (world_.chance.below(6)) {
      case 0:
        return choice.set_all(true);
      case 1:
        return choice.add_cases(plan.cases[world_.chance.below(plan.cases.size())].name);
      case 2:
      case 3:
        return choice.add_images(plan.images[world_.chance.below(plan.images.size())].path);
      default: {
        std::vector<JobId> ids;
        for (const auto& [id, job] : state.jobs().all()) ids.push_back(id);
        if (ids.empty()) return choice.set_all(true);
        std::sort(ids.begin(), ids.end());
        choice.add_jobs(to_string(ids[world_.chance.below(ids.size())]));
      }
    }
  }

  void inject() {
    switch (world_.chance.below(18)) {
      case 0:
      case 1:
      case 2:
        return with_worker([](Worker& w) { w.crash("killed"); });
      case 3:
      case 4:
        return with_worker([this](Worker& w) { w.pause(some_time()); });
      case 5:
      case 6:
        return with_worker([this](Worker& w) { w.cut_off(some_time()); });
      case 7:
        return with_worker([this](Worker& w) {
          const milliseconds delay = world_.chance.time(milliseconds{100}, milliseconds{1'500});
          w.slow_down(delay, some_time());
        });
      case 8:
        return with_worker([](Worker& w) { w.stop("signal 15"); });
      case 14:
        return with_worker([this](Worker& w) {
          w.fill_disk(world_.chance.one_in(3) ? std::nullopt : std::optional(2 * some_time()));
        });
      case 15:
        ++world_.referee.happenings["workers broken"];
        return with_worker([](Worker& w) { w.break_down(); });
      case 16:  // sometimes for so long that workers who hear nothing give up
        return coordinator_.fill_disk(world_.chance.one_in(4) ? milliseconds{100'000} : 2 * some_time());
      case 17: {
        const milliseconds each = world_.chance.time(milliseconds{100}, milliseconds{2'000});
        return coordinator_.slow_disk_down(each, 2 * some_time());
      }
      case 9:
      case 10:
        return kill_coordinator();
      case 11:
        return coordinator_.pause(some_time());
      case 12:
        if (coordinator_.alive()) coordinator_.interrupt();
        return;
      default:
        return pull_the_plug();
    }
  }

  // Well below the lease, about it, or long enough to be given up.
  milliseconds some_time() {
    const milliseconds lease = kLease;
    return world_.chance.one_in(2) ? world_.chance.time(milliseconds{100}, lease)
                                   : world_.chance.time(lease, 4 * lease);
  }

  template <typename Act>
  void with_worker(const Act& act) {
    std::vector<Worker*> candidates;
    for (const auto& worker : workers_)
      if (worker->can_be_disturbed()) candidates.push_back(worker.get());
    if (!candidates.empty()) act(*candidates[world_.chance.below(candidates.size())]);
  }

  void kill_coordinator() {
    static constexpr Coordinator::Moment kMoments[] = {
        Coordinator::Moment::kAtOnce, Coordinator::Moment::kBeforeCommit, Coordinator::Moment::kAfterCommit,
        Coordinator::Moment::kWhileSending};
    coordinator_.die(kMoments[world_.chance.below(4)]);
    // Sometimes for so long that the workers give up.
    const milliseconds longest{world_.chance.one_in(10) ? 90'000 : 8'000};
    coordinator_away_until_ = world_.clock.now() + world_.chance.time(milliseconds{0}, longest);
  }

  void pull_the_plug() {
    coordinator_.die(Coordinator::Moment::kAtOnce);
    for (const auto& worker : workers_) worker->crash("no power");
  }

  World world_;
  Coordinator coordinator_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::uint64_t wanted_workers_ = 1;
  TimePoint coordinator_away_until_{};
};

SchedulerOptions some_options(Chance& chance) {
  SchedulerOptions options;
  options.lease = kLease;
  options.heartbeat = kHeartbeat;
  options.max_attempts = static_cast<std::uint32_t>(chance.between(1, 4));
  options.look_ahead = static_cast<std::uint32_t>(chance.between(1, 4));
  options.speculate = chance.one_in(3);
  if (chance.one_in(2)) options.backoff = milliseconds{0};
  return options;
}

}  // namespace

World::World(std::uint64_t seed, bool with_trace)
    : traced(with_trace),
      collects(Chance(~seed).one_in(kCollectsOneIn)),
      no_room_until(Chance(~seed + 1).one_in(2) ? Chance(~seed).time(milliseconds{0}, kFaultsUntil)
                                                : milliseconds{0}),
      chance(seed),
      study(chance),
      options(some_options(chance)),
      network(clock, chance),
      referee(study, options, clock) {}

void World::step() {
  clock.step();
  if (clock.elapsed() > kEndsWithin)
    throw Violation("the sweep is not finished after " + std::to_string(kEndsWithin.count()) + " s");
}

Happenings simulate(std::uint64_t seed, bool traced) { return Simulation(seed, traced).run(); }

}  // namespace wcam::simulation
