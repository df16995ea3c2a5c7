#include "coordinator/sweep/status.h"

#include <signal.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <thread>

#include "common/base/elapsed.h"
#include "common/base/error.h"
#include "common/base/file.h"
#include "common/base/host.h"
#include "common/base/message_text.h"
#include "common/study/plan.h"
#include "coordinator/ledger/ledger_reader.h"
#include "coordinator/sweep/sweep_folder.h"

using nlohmann::json;

namespace wcam {

namespace {

// The file is rewritten every second; a file system far away may be late.
constexpr std::int64_t kFreshSeconds = 15;

json to_json(const Tally& tally) {
  json object;
  for (const JobState state : kJobStates) object[to_string(state)] = tally[state];
  return object;
}

Tally tally_from(const json& object) {
  Tally tally;
  for (const JobState state : kJobStates)
    object.at(to_string(state)).get_to(tally.in_state[static_cast<std::size_t>(state)]);
  return tally;
}

json to_json(const ConnectedWorker& w) {
  return {{"name", w.info.name},
          {"host", w.info.host},
          {"pid", w.info.pid},
          {"device", w.info.device},
          {"in_hand", w.in_hand},
          {"drained", w.info.drained},
          {"provenance", w.info.provenance}};
}

ConnectedWorker worker_from(const json& w) {
  return {
      {w.at("name"), w.at("host"), w.at("device"), w.at("pid"), w.at("drained"), w.value("provenance", "")},
      w.at("in_hand")};
}

Course course_from(const std::string& text) {
  for (const Course course : {Course::kPaused, Course::kCancelled})
    if (to_string(course) == text) return course;
  return Course::kOn;
}

}  // namespace

bool is_alive(const Status& status) {
  const bool starting = status.state == "starting";
  if (!starting && status.state != "running" && status.state != "stopping") return false;
  const bool here = status.host == host_name(), fresh = unix_now() - status.updated <= kFreshSeconds;
  if (!here) return fresh;
  if (!fresh && !starting) return false;  // "starting" is written once
  return ::kill(static_cast<pid_t>(status.pid), 0) == 0 || errno != ESRCH;
}

std::string silence(const Status& s) {
  return "there is no word from coordinator " + std::to_string(s.pid) + " on " + s.host +
         (s.endpoint.empty() ? "" : " (" + s.endpoint + ")") + " for " +
         duration_text(static_cast<double>(unix_now() - s.updated)) +
         ": it is stopped, or waits for a disk; if it has been killed its lock goes with it";
}

std::int64_t unix_now() {
  return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

std::size_t Status::total() const {
  return counts.predict.all() + counts.explain.all() - counts.predict[JobState::kCancelled] -
         counts.explain[JobState::kCancelled];
}

bool Status::is_anything_left() const {
  return total() > done() + counts.predict[JobState::kSetAside] + counts.explain[JobState::kSetAside];
}

std::string to_json_text(const Status& s) {
  json connected = json::array();
  for (const ConnectedWorker& worker : s.connected) connected.push_back(to_json(worker));
  const json document{
      {"sweep", s.sweep},
      {"state", s.state},
      {"running", s.running},
      {"course", to_string(s.counts.course)},
      {"host", s.host},
      {"pid", s.pid},
      {"endpoint", s.endpoint},
      {"insecure", s.insecure},
      {"http", s.http},
      {"updated", s.updated},
      {"workers", s.workers},
      {"connected", connected},
      {"turned_away", s.turned_away},
      {"trouble", s.trouble},
      {"done", s.done()},
      {"total", s.total()},
      {"jobs_per_minute", s.jobs_per_minute},
      {"eta_seconds", s.eta_seconds ? json(*s.eta_seconds) : json()},
      {"images",
       {{"all", s.counts.images},
        {"decided", s.counts.images_decided},
        {"selected", s.counts.images_selected},
        {"skipped", s.counts.images_skipped},
        {"sample", s.sample},
        {"set_aside", s.counts.images_set_aside}}},
      {"jobs", {{"predict", to_json(s.counts.predict)}, {"explain", to_json(s.counts.explain)}}},
      {"set_aside", s.counts.set_aside},
      {"provenances", s.counts.provenances},
      {"shortfall", shortfall(s)}};
  // Names of files may be any bytes.
  return document.dump(1, ' ', false, json::error_handler_t::replace) + "\n";
}

Status status_from_json_text(const std::string& text, const std::string& origin) try {
  const json document = json::parse(text);
  Status s;
  document.at("sweep").get_to(s.sweep);
  document.at("state").get_to(s.state);
  document.at("running").get_to(s.running);
  document.at("host").get_to(s.host);
  document.at("pid").get_to(s.pid);
  document.at("endpoint").get_to(s.endpoint);
  s.insecure = document.value("insecure", false);
  s.http = document.value("http", "");
  s.turned_away = document.value("turned_away", std::uint64_t{0});
  for (const json& worker : document.value("connected", json::array()))
    s.connected.push_back(worker_from(worker));
  s.counts.course = course_from(document.value("course", ""));
  document.at("updated").get_to(s.updated);
  document.at("workers").get_to(s.workers);
  s.trouble = document.value("trouble", std::vector<std::string>{});
  document.at("jobs_per_minute").get_to(s.jobs_per_minute);
  if (!document.at("eta_seconds").is_null()) s.eta_seconds = document.at("eta_seconds").get<double>();
  const json& images = document.at("images");
  images.at("all").get_to(s.counts.images);
  images.at("decided").get_to(s.counts.images_decided);
  images.at("selected").get_to(s.counts.images_selected);
  s.counts.images_skipped = images.value("skipped", std::size_t{0});
  images.at("sample").get_to(s.sample);
  images.at("set_aside").get_to(s.counts.images_set_aside);
  s.counts.predict = tally_from(document.at("jobs").at("predict"));
  s.counts.explain = tally_from(document.at("jobs").at("explain"));
  document.at("set_aside").get_to(s.counts.set_aside);
  s.counts.provenances = document.value("provenances", s.counts.provenances);
  return s;
} catch (const json::exception& e) {
  throw InputError(
      origin + " is not a status: " + e.what() +
      ": remove it; a running coordinator writes it every second, and where none runs the ledger "
      "is asked");
}

std::optional<Status> last_status(const std::filesystem::path& sweep) {
  const std::filesystem::path file = SweepDirectory{sweep}.status();
  // Where replacing a file takes two steps (sshfs) it is gone for a moment, every second.
  for (int patience = 10; std::filesystem::exists(file); --patience) try {
      return status_from_json_text(read_file(file), file.string());
    } catch (const InputError&) {
      if (patience == 0) throw;
      std::this_thread::sleep_for(std::chrono::milliseconds{20});
    }
  return std::nullopt;
}

std::optional<Status> running_status(const std::filesystem::path& sweep) {
  std::optional<Status> status = last_status(sweep);
  if (!status || !is_alive(*status)) return std::nullopt;
  status->running = true;
  return status;
}

void write_status_at_rest(const SweepDirectory& sweep, bool finished) {
  Status status = read_status(sweep.root);
  status.state = finished ? "finished" : "interrupted";
  write_file_atomically(sweep.status(), to_json_text(status));
}

namespace {

// Somebody has the ledger, and no coordinator says how far it is: it is silent, or only just starting.
Status held_status(Status status) {
  if (status.running) return status;
  Status starting;
  starting.sweep = status.sweep;
  starting.sample = status.sample;
  starting.counts = status.counts;
  starting.state = "starting";
  starting.running = true;
  starting.updated = unix_now();
  return starting;
}

}  // namespace

Status read_status(const std::filesystem::path& sweep) {
  const SweepDirectory directory{sweep};
  check_is_sweep(directory);
  const std::optional<Status> last = last_status(sweep);
  Status status = last.value_or(Status{});
  const bool ran = status.running;  // it has not said that it ends
  status.running = is_alive(status);
  if (status.running) return status;
  // No coordinator, no lock: the ledger knows best.
  const Plan plan = plan_of(directory);
  status.sweep = sweep_id(plan);
  status.sample = static_cast<std::size_t>(plan.selection.sample_size);
  std::optional<Counts> counts;
  try {
    counts = summarise_ledger(directory.ledger());
  } catch (const BusyError&) {
    status.running = ran;
    return held_status(std::move(status));
  }
  status.workers = 0;
  status.connected.clear();
  status.trouble.clear();
  status.eta_seconds.reset();
  status.jobs_per_minute = 0;
  status.http.clear();
  if (counts) {
    if (!last)  // prepared, for a coordinator that waits for its turn
      status.state = "not begun";
    else if (status.state != "finished" && status.state != "interrupted")
      status.state = "ended";
    status.counts = *counts;
  } else {
    check_not_lost(directory);
    status.state = "not begun";
  }
  return status;
}

Status starting_status(const std::filesystem::path& sweep) {
  const SweepDirectory directory{sweep};
  const Plan plan = plan_from_json_text(read_file(directory.plan()), directory.plan().string());
  Status status;
  if (const std::optional<Status> last = last_status(sweep)) status.counts = last->counts;
  status.counts.images = plan.images.size();
  status.sweep = sweep_id(plan);
  status.state = "starting";
  status.running = true;
  status.host = host_name();
  status.pid = ::getpid();
  status.updated = unix_now();
  status.sample = static_cast<std::size_t>(plan.selection.sample_size);
  return status;
}

std::string progress_line(const Status& s) {
  std::array<char, 32> rate{};
  std::snprintf(rate.data(), rate.size(), "%.1f", s.jobs_per_minute);
  const std::size_t set_aside = s.counts.images_set_aside + s.counts.explain[JobState::kSetAside];
  const std::string progress = std::to_string(s.done()) + "/" + counted(s.total(), "job") + ", " +
                               std::to_string(s.counts.images_selected) + " of " +
                               counted(s.sample, "image") + " selected, ";
  const std::string eta = s.total() > 0 && !s.is_anything_left()
                              ? ""
                              : ", ETA " + (s.eta_seconds ? duration_text(*s.eta_seconds) : "unknown");
  const std::string trouble =
      s.trouble.empty() ? "" : " (" + std::to_string(s.trouble.size()) + " in trouble)";
  const std::string speed =
      std::string(rate.data()) + " jobs/min" + eta + ", " + counted(s.workers, "worker") + trouble + ", ";
  const std::size_t cancelled = s.counts.cancelled();
  return progress + (s.running ? speed : "") + std::to_string(set_aside) + " set aside" +
         (cancelled > 0 ? ", " + std::to_string(cancelled) + " cancelled" : "") +
         (s.counts.course == Course::kPaused ? ", paused" : "");
}

std::string unlike_processors(const std::map<std::string, std::size_t>& provenances,
                              const std::string& thing) {
  if (provenances.size() < 2) return "";
  std::string text =
      "unlike processors or libraries, so results agree to rounding only (docs/reproducibility.md): ";
  for (bool first = true; const auto& [provenance, count] : provenances) {
    text += (first ? "" : " | ") + counted(count, thing) + " on " +
            (provenance.empty() ? "one that is not known" : provenance);
    first = false;
  }
  return text + "\n";
}

std::string shortfall(const Status& s) {
  const Counts& c = s.counts;
  if (c.images == 0 || c.images_decided < c.images || c.images_selected >= s.sample) return "";
  std::string text = std::to_string(c.images_selected) + " of the " + counted(s.sample, "image") +
                     " asked for were selected, of " + std::to_string(c.images) + ": ";
  std::string reasons;
  if (c.images_set_aside > 0) reasons = std::to_string(c.images_set_aside) + " set aside";
  if (c.images_skipped > 0)
    reasons += (reasons.empty() ? "" : ", ") + std::to_string(c.images_skipped) +
               " without a variant that changes the prediction of every case";
  return text + (reasons.empty() ? "there are no more" : reasons);
}

namespace {

// Enough of the random part to tell workers apart, and for `wcam drain`.
std::string short_name(const WorkerInfo& worker) {
  constexpr std::size_t kDigits = 8;
  const auto dot = worker.name.find('.');
  return worker.name.substr(0, (dot == std::string::npos ? 0 : dot + 1) + kDigits);
}

}  // namespace

std::string describe(const Status& s) {
  std::string text = "sweep " + s.sweep + "\n";
  if (s.running && s.state != "starting" && !is_alive(s))
    text += silence(s) + "; as it was then:\n";
  else if (s.running && s.pid == 0)
    text += s.state + ": a coordinator has just opened the ledger\n";
  else if (s.running)
    text += s.state + ": coordinator " + std::to_string(s.pid) + " on " + s.host + ", " +
            (s.endpoint.empty() ? "not yet listening" : s.endpoint) + "\n";
  else if (s.state == "ended")
    text +=
        "no coordinator is running, the last one ended without notice; the same `wcam run` or `wcam submit` "
        "resumes\n";
  else
    text += s.state + (s.state == "interrupted" ? "; the same `wcam run` or `wcam submit` resumes\n"
                       : s.state == "not begun" ? ": no coordinator has run yet; one that was submitted "
                                                  "waits in Slurm's queue (squeue -u $USER)\n"
                                                : "\n");
  if (s.running && !s.http.empty()) text += "page: " + s.http + "\n";
  if (s.counts.course == Course::kPaused) text += "paused: nothing is handed out until `wcam resume`\n";
  if (s.counts.course == Course::kCancelled) text += "cancelled; `wcam retry` takes it up again\n";
  text += progress_line(s) + "\n";
  for (const std::string& line : s.trouble) text += line + "\n";
  text += "images: " + std::to_string(s.counts.images_decided) + " of " + std::to_string(s.counts.images) +
          " decided\n";
  if (const std::string why = shortfall(s); !why.empty()) text += "sample: " + why + "\n";
  for (const auto& [name, tally] :
       {std::pair("predict", s.counts.predict), std::pair("explain", s.counts.explain)}) {
    text += std::string(name) + ":";
    for (const JobState state : kJobStates)
      if (tally[state] > 0) text += " " + std::to_string(tally[state]) + " " + to_string(state);
    text += tally.all() == 0 ? " none yet\n" : "\n";
  }
  text += unlike_processors(s.counts.provenances, "worker");
  for (const ConnectedWorker& w : s.connected)
    text += "worker " + short_name(w.info) + ": " + w.info.device + " of pid " + std::to_string(w.info.pid) +
            " on " + w.info.host + ", " + counted(w.in_hand, "job") + " in hand" +
            (w.info.drained ? ", drained" : "") + "\n";
  if (s.turned_away > 0)
    text += "turned away: " + counted(s.turned_away, "connection") + "; logs/coordinator.log says why\n";
  for (const std::string& line : s.counts.set_aside) text += "set aside: " + line + "\n";
  return text;
}

}  // namespace wcam
