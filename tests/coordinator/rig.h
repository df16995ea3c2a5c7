// What the coordinator's tests share: a small study, made-up predictions, the words of a worker, and a
// scheduler whose every turn is checked against its ledger.
#pragma once

#include <gtest/gtest.h>
#include <wire.pb.h>

#include <chrono>
#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "common/base/version.h"
#include "common/study/plan.h"
#include "common/wire/protocol.h"
#include "coordinator/ledger/ledger.h"
#include "coordinator/operate/apply_request.h"
#include "coordinator/queue/scheduler.h"
#include "coordinator/queue/seeded_order.h"
#include "tests/temporary_folder.h"

namespace wcam {

inline Plan small_plan(int images, int cases, int sample_size) {
  Plan plan;
  for (int i = 0; i < images; ++i)
    plan.images.push_back({"i" + std::to_string(i) + ".png", std::string(64, 'a')});
  plan.variants = {"corruptions/contrast/1", "corruptions/contrast/3", "corruptions/jpeg/1",
                   "corruptions/jpeg/3"};
  for (int c = 0; c < cases; ++c) {
    CaseSpec spec;
    spec.name = "case" + std::to_string(c);
    spec.file = "/models/" + spec.name + ".pt";
    spec.sha256 = std::string(64, 'b');
    plan.cases.push_back(spec);
  }
  plan.selection.sample_size = sample_size;
  plan.selection.max_altered = 2;
  plan.images_root = "/images";
  return plan;
}

// Made-up predictions: of all pairs of variant and case about three in four are affected, always the same for
// the same names.
inline std::int64_t predicted_label(const std::string& image, const std::string& variant,
                                    const std::string& case_name) {
  if (variant == "source") return 7;
  return seeded_key(1, image, case_name, variant) % 4 == 0 ? 7 : 8;
}

inline wire::Outcome success(const Plan& plan, const wire::Job& job) {
  wire::Outcome outcome;
  outcome.set_job(job.job());
  outcome.set_attempt(job.attempt());
  outcome.set_seconds(2);
  outcome.set_segment("made-up.h5");
  if (job.has_explain()) {
    outcome.mutable_profile()->set_seconds(0.5);
    return outcome;
  }
  wire::Predictions& p = *outcome.mutable_predictions();
  const std::uint32_t first = job.predict().first(), end = first + job.predict().count();
  for (std::uint32_t v = first; v < end; ++v) {
    const std::string& variant = plan.variant_name(static_cast<std::uint16_t>(v));
    p.add_label(predicted_label(job.image(), variant, job.case_name()));
    p.add_logit(1);
    p.add_probability(0.5);
  }
  return outcome;
}

inline wire::Outcome failure(const wire::Job& job, wire::Failure::Kind kind, const std::string& text) {
  wire::Outcome outcome;
  outcome.set_job(job.job());
  outcome.set_attempt(job.attempt());
  outcome.mutable_failure()->set_kind(kind);
  outcome.mutable_failure()->set_text(text);
  return outcome;
}

inline wire::Envelope hello_of(const std::string& worker) {
  wire::Envelope envelope;
  envelope.set_protocol_version(kProtocolVersion);
  wire::Hello& hello = *envelope.mutable_hello();
  hello.set_worker(worker);
  hello.set_software_version(kVersion);
  hello.set_host("here");
  hello.set_pid(1);
  hello.set_device("cpu");
  return envelope;
}

// For so many jobs of either kind.
inline wire::Envelope ready_for(std::uint32_t credit, const std::vector<std::string>& loaded = {}) {
  wire::Envelope envelope;
  envelope.set_protocol_version(kProtocolVersion);
  envelope.mutable_ready()->set_predict_credit(credit);
  envelope.mutable_ready()->set_explain_credit(credit);
  envelope.mutable_ready()->mutable_loaded_cases()->Assign(loaded.begin(), loaded.end());
  return envelope;
}

inline wire::Envelope lease(const std::vector<wire::Job>& jobs) {
  wire::Envelope envelope;
  envelope.set_protocol_version(kProtocolVersion);
  envelope.mutable_heartbeat();
  for (const wire::Job& job : jobs) {
    wire::Lease& lease = *envelope.mutable_heartbeat()->add_in_hand();
    lease.set_job(job.job());
    lease.set_attempt(job.attempt());
  }
  return envelope;
}

inline wire::Envelope answering(const std::vector<wire::Outcome>& outcomes) {
  wire::Envelope envelope;
  envelope.set_protocol_version(kProtocolVersion);
  envelope.mutable_outcomes();
  for (const wire::Outcome& outcome : outcomes) *envelope.mutable_outcomes()->add_outcomes() = outcome;
  return envelope;
}

inline wire::Envelope leaving() {
  wire::Envelope envelope;
  envelope.set_protocol_version(kProtocolVersion);
  envelope.mutable_goodbye()->set_reason("done here");
  return envelope;
}

// What waits goes out at once.
inline SchedulerOptions without_backoff() {
  SchedulerOptions options;
  options.backoff = std::chrono::milliseconds{0};
  return options;
}

// A sweep without sockets and clock. Every turn commits to a real ledger, and what the ledger then gives back
// must equal the state in memory.
class Rig {
 public:
  explicit Rig(Plan plan, SchedulerOptions options = without_backoff())
      : plan_(std::move(plan)), options_(std::move(options)) {
    open();
  }

  // The coordinator dies (what it had not committed is gone) and starts again on the same ledger.
  void restart() {
    inbox_.clear();
    open();
  }

  // Events of a command that acts between two coordinators, who then meet what it has left.
  void apply(const std::vector<Event>& events) {
    for (const Event& event : events) state_->apply(event);
    ledger_->commit(events);
    state_->check_invariants();
    ASSERT_TRUE(ledger_->load(plan_) == *state_) << "the ledger gives back another state";
    restart();
  }

  // Events of an operator, carried out by the coordinator that runs.
  void carry_out(const std::vector<Event>& events) {
    scheduler_->carry_out(events);
    turn();
  }
  // What an operator asks of it.
  wire::Report apply_request(const wire::Request& request) {
    Operation operation = wcam::apply_request(*state_, request);
    carry_out(operation.events);
    return operation.report;
  }

  void say(const std::string& worker, const wire::Envelope& envelope) {
    scheduler_->on_message(worker, envelope, now_);
    turn();
  }
  void join(const std::string& worker, std::uint32_t credit) {
    say(worker, hello_of(worker));
    say(worker, ready_for(credit));
  }
  void answer(const std::string& worker, const wire::Job& job) {
    say(worker, answering({success(plan_, job)}));
  }
  void fail(const std::string& worker, const wire::Job& job, const std::string& text = "no luck",
            wire::Failure::Kind kind = wire::Failure::UNSPECIFIED) {
    say(worker, answering({failure(job, kind, text)}));
  }
  // Time passes; workers that are silent meanwhile may be lost.
  void pass(std::chrono::milliseconds time) {
    // In small steps, as the loop does, so that it is not us who were away.
    for (auto left = time; left.count() > 0; left -= std::min(left, step())) {
      now_ += std::min(left, step());
      scheduler_->expire(now_);
    }
    turn();
  }
  void turn() {
    scheduler_->advance(now_);
    scheduler_->settle(
        [this](std::span<const Event> events) {
          ledger_->commit(events);
          events_ += events.size();
          scheduler_->check_invariants();
          EXPECT_TRUE(ledger_->load(plan_) == *state_) << "the ledger gives back another state";
        },
        [this](const Message& message) {
          if (unreachable_.contains(message.worker)) return false;
          inbox_[message.worker].push_back(message.envelope);
          return true;
        });
  }

  // Nothing can be sent to the worker, until it can.
  void set_reachable(const std::string& worker, bool reachable) {
    reachable ? void(unreachable_.erase(worker)) : void(unreachable_.insert(worker));
  }
  // What was sent to the worker since the last look.
  std::vector<wire::Envelope> inbox(const std::string& worker) { return std::exchange(inbox_[worker], {}); }
  // The jobs among it; the rest is dropped.
  std::vector<wire::Job> jobs_for(const std::string& worker) {
    std::vector<wire::Job> jobs;
    for (const wire::Envelope& envelope : inbox(worker))
      jobs.insert(jobs.end(), envelope.assign().jobs().begin(), envelope.assign().jobs().end());
    return jobs;
  }
  // The leases of a kind of message among it.
  std::set<std::pair<std::uint64_t, std::uint32_t>> leases_for(const std::string& worker,
                                                               wire::Envelope::BodyCase kind) {
    std::set<std::pair<std::uint64_t, std::uint32_t>> leases;
    for (const wire::Envelope& envelope : inbox(worker)) {
      if (envelope.body_case() != kind) continue;
      const auto& list =
          envelope.has_release() ? envelope.release().leases() : envelope.acknowledge().leases();
      for (const wire::Lease& lease : list) leases.emplace(lease.job(), lease.attempt());
    }
    return leases;
  }
  // One worker does everything that is left.
  void finish(const std::string& worker) {
    join(worker, 1);
    for (int i = 0; i < 100'000 && !state_->finished(); ++i) {
      const auto jobs = jobs_for(worker);
      ASSERT_FALSE(jobs.empty()) << "nothing to do, not finished";
      for (const wire::Job& job : jobs) answer(worker, job);
      if (!state_->finished()) say(worker, ready_for(1));
    }
  }

  const Job& job(const wire::Job& job) const { return state_->jobs().at(JobId{job.job()}); }
  const Plan& plan() const { return plan_; }
  std::filesystem::path ledger_file() const { return folder_.path() / "ledger.sqlite"; }
  Database& ledger() { return ledger_->database(); }
  const SweepState& state() const { return *state_; }
  Scheduler& scheduler() { return *scheduler_; }
  const SchedulerOptions& options() const { return options_; }
  std::size_t events() const { return events_; }

 private:
  std::chrono::milliseconds step() const { return options_.lease / 4; }
  void open() {
    scheduler_.reset();
    state_.reset();
    ledger_.reset();
    ledger_ = std::make_unique<Ledger>(ledger_file());
    state_ = std::make_unique<SweepState>(ledger_->load(plan_));
    SchedulerOptions options = options_;
    options.holder = [this](JobId job, Attempt attempt) { return ledger_->holder(job, attempt); };
    scheduler_ = std::make_unique<Scheduler>(*state_, options);
    scheduler_->start(now_);
    turn();
  }

  TemporaryFolder folder_;
  const Plan plan_;
  const SchedulerOptions options_;
  std::unique_ptr<Ledger> ledger_;
  std::unique_ptr<SweepState> state_;
  std::unique_ptr<Scheduler> scheduler_;
  Scheduler::TimePoint now_{};
  std::map<std::string, std::vector<wire::Envelope>> inbox_;
  std::set<std::string> unreachable_;
  std::size_t events_ = 0;
};

}  // namespace wcam
