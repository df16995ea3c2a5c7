#include "coordinator/serve/page_data.h"

#include <array>
#include <charconv>
#include <nlohmann/json.hpp>
#include <utility>

using nlohmann::json;

namespace wcam {

namespace {

using Label = std::pair<const char*, std::string>;

std::string number_text(double number) {
  std::array<char, 32> text{};
  return {text.data(), std::to_chars(text.data(), text.data() + text.size(), number).ptr};
}

std::string escaped(const std::string& text) {
  std::string result;
  for (const char c : text) {
    if (c == '\\' || c == '"') result += '\\';
    result += c == '\n' ? std::string("\\n") : std::string(1, c);
  }
  return result;
}

class Metrics {
 public:
  // What follows belongs to this family.
  void family(const std::string& name, const char* type, const std::string& help) {
    name_ = name;
    text_ += "# HELP " + name + " " + help + "\n# TYPE " + name + " " + type + "\n";
  }
  void sample(std::initializer_list<Label> labels, auto value) {
    text_ += name_;
    const char* separator = "{";
    for (const auto& [name, label] : labels) {
      text_ += separator + std::string(name) + "=\"" + escaped(label) + "\"";
      separator = ",";
    }
    text_ += (labels.size() > 0 ? "} " : " ") + number_text(static_cast<double>(value)) + "\n";
  }
  std::string text() && { return std::move(text_); }

 private:
  std::string name_, text_;
};

void sweep_metrics(Metrics& metrics, const Status& status) {
  metrics.family("wcam_jobs", "gauge", "Jobs known so far.");
  for (const auto& [kind, tally] :
       {std::pair("predict", status.counts.predict), std::pair("explain", status.counts.explain)})
    for (const JobState state : kJobStates)
      metrics.sample({{"kind", kind}, {"state", to_string(state)}}, tally[state]);
  const Counts& c = status.counts;
  metrics.family("wcam_images", "gauge",
                 "Images of the plan; one set aside after it was selected counts as both.");
  metrics.sample({{"state", "undecided"}}, c.images - c.images_decided);
  metrics.sample({{"state", "selected"}}, c.images_selected);
  metrics.sample({{"state", "skipped"}}, c.images_skipped);
  metrics.sample({{"state", "set_aside"}}, c.images_set_aside);
  metrics.family("wcam_sample_images", "gauge", "Images asked for, --sample-size.");
  metrics.sample({}, status.sample);
  metrics.family("wcam_paused", "gauge",
                 "1 while nothing is handed out because an operator paused the sweep.");
  metrics.sample({}, status.counts.course == Course::kPaused ? 1 : 0);
  metrics.family("wcam_workers", "gauge", "Workers connected.");
  metrics.sample({}, status.workers);
  metrics.family("wcam_workers_in_trouble", "gauge",
                 "Workers connected that can store no result, or fail what they are given.");
  metrics.sample({}, status.trouble.size());
  if (!status.eta_seconds) return;
  metrics.family("wcam_eta_seconds", "gauge",
                 "Time left, at the speed of the last minute; absent while unknown.");
  metrics.sample({}, *status.eta_seconds);
}

void queue_metrics(Metrics& metrics, const PageData& snapshot) {
  const RouterCounters& router = snapshot.router;
  metrics.family("wcam_messages_unhandled_total", "counter",
                 "Messages dropped, refused or not delivered since the coordinator started.");
  metrics.sample({{"reason", "malformed"}}, router.malformed);
  metrics.sample({{"reason", "before_hello"}}, router.before_hello);
  metrics.sample({{"reason", "refused"}}, router.refused);
  metrics.sample({{"reason", "undelivered"}}, router.undelivered);
  metrics.sample({{"reason", "too_many"}}, router.too_many);
  metrics.family("wcam_connections_turned_away_total", "counter",
                 "Connections that were not let in since the coordinator started.");
  metrics.sample({}, snapshot.status.turned_away);
  const SchedulerCounters& scheduler = snapshot.scheduler;
  metrics.family("wcam_answers_unused_total", "counter",
                 "Workers' answers that changed nothing since the coordinator started.");
  metrics.sample({{"reason", "unknown"}}, scheduler.unknown_answers);
  metrics.sample({{"reason", "duplicate"}}, scheduler.duplicate_answers);
  metrics.sample({{"reason", "unfit"}}, scheduler.unfit_answers);
  metrics.family("wcam_workers_lost_total", "counter",
                 "Workers that fell silent since the coordinator started.");
  metrics.sample({}, scheduler.workers_lost);
}

}  // namespace

std::string to_json_text(const PageData& snapshot, const std::vector<FigureFile>& figures) {
  json document = json::parse(to_json_text(snapshot.status));
  json& workers = document["by_worker"] = json::array();
  for (const WorkerProgress& worker : snapshot.workers)
    workers.push_back({{"name", worker.info.name},
                       {"host", worker.info.host},
                       {"pid", worker.info.pid},
                       {"device", worker.info.device},
                       {"connected", worker.connected},
                       {"drained", worker.info.drained},
                       {"done", worker.pace.done},
                       {"jobs_per_minute", worker.pace.jobs_per_minute},
                       {"in_hand", worker.in_hand}});
  json& cases = document["by_case"] = json::array();
  for (const CaseProgress& one : snapshot.cases)
    cases.push_back({{"name", one.name},
                     {"done", one.pace.done},
                     {"known", one.known},
                     {"set_aside", one.set_aside},
                     {"jobs_per_minute", one.pace.jobs_per_minute}});
  json& pictures = document["figures"] = json::array();
  for (const FigureFile& figure : figures)
    pictures.push_back({{"name", figure.name}, {"modified", figure.modified}});
  // Names of files may be any bytes.
  return document.dump(1, ' ', false, json::error_handler_t::replace) + "\n";
}

std::string metrics_text(const PageData& snapshot) {
  Metrics metrics;
  sweep_metrics(metrics, snapshot.status);
  metrics.family("wcam_jobs_done_total", "counter", "Jobs done since the sweep began.");
  for (const CaseProgress& one : snapshot.cases) metrics.sample({{"case", one.name}}, one.pace.done);
  metrics.family("wcam_worker_jobs_done_total", "counter",
                 "Jobs done since the coordinator started, by workers connected now or once.");
  for (const WorkerProgress& worker : snapshot.workers)
    metrics.sample({{"worker", worker.info.name}, {"host", worker.info.host}, {"device", worker.info.device}},
                   worker.pace.done);
  queue_metrics(metrics, snapshot);
  return std::move(metrics).text();
}

}  // namespace wcam
