#include "coordinator/ledger/job_report.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "common/base/error.h"
#include "common/base/message_text.h"
#include "common/base/printable.h"
#include "common/command_line/suggestion.h"
#include "coordinator/ledger/schema.h"
#include "coordinator/queue/job_table.h"

using nlohmann::json;

namespace wcam {

namespace {

constexpr std::int64_t kMostAttempts = 1'000;  // told of one job: what a message can take

std::string columns(Database& ledger) {
  return "SELECT job, kind, image, coalesce(variant, ''), case_name, coalesce(role, ''), state, "
         "CASE WHEN kind = 'explain' THEN rank END, role_index, label, attempts, failures, losses, retries, "
         "CASE WHEN text = '' THEN coalesce((SELECT text FROM attempts AS a WHERE a.job = job_list.number "
         "AND "
         "a.attempt = job_list.attempts), '') ELSE text END, " +
         design_columns(ledger) + " FROM job_list ";
}

wire::JobReport report_of(const Statement& rows) {
  wire::JobReport job;
  job.set_job(static_cast<std::uint64_t>(rows.integer(0)));
  job.set_kind(rows.text(1));
  job.set_image(rows.text(2));
  job.set_variant(rows.text(3));
  job.set_case_name(rows.text(4));
  job.set_role(rows.text(5));
  job.set_state(rows.text(6));
  if (!rows.is_null(7)) job.set_rank(rows.integer(7));
  if (!rows.is_null(8)) job.set_role_index(rows.integer(8));
  if (!rows.is_null(9)) job.set_label(rows.integer(9));
  job.set_attempts(rows.integer(10));
  job.set_failures(rows.integer(11));
  job.set_losses(rows.integer(12));
  job.set_retries(rows.integer(13));
  job.set_text(rows.text(14));
  job.set_explained(rows.text(15));
  job.set_replicate(rows.integer(16));
  job.set_control_of(rows.text(17));
  return job;
}

void check_known(const std::string& option, const std::string& value, const std::vector<std::string>& known) {
  if (!value.empty() && std::find(known.begin(), known.end(), value) == known.end())
    throw UsageError("--" + option + " '" + value + "' is unknown" + but_known(value, known));
}

std::string known_state(const wire::ListJobs& request) {
  std::vector<std::string> known{"failed"};
  for (const JobState state : kJobStates) known.push_back(to_string(state));
  check_known("state", request.state(), known);
  return request.state() == "failed" ? to_string(JobState::kSetAside) : request.state();
}

std::vector<std::string> cases_of(Database& ledger) {
  Statement rows = ledger.prepare("SELECT name FROM cases ORDER BY id");
  rows.query();
  std::vector<std::string> names;
  while (rows.next()) names.push_back(rows.text(0));
  return names;
}

json or_null(bool there, std::int64_t value) { return there ? json(value) : json(); }
json or_null(const std::string& text) { return text.empty() ? json() : json(text); }

std::string id_of(const wire::JobReport& job) { return to_string(JobId{job.job()}); }

json to_json(const wire::JobReport& j) {
  return {{"job", id_of(j)},
          {"kind", j.kind()},
          {"image", j.image()},
          {"variant", or_null(j.variant())},
          {"case", j.case_name()},
          {"role", or_null(j.role())},
          {"role_index", or_null(j.has_role_index(), j.role_index())},
          {"rank", or_null(j.has_rank(), j.rank())},
          {"label", or_null(j.has_label(), j.label())},
          {"explained", or_null(j.explained())},
          {"replicate", or_null(j.has_label(), j.replicate())},
          {"control_of", or_null(j.control_of())},
          {"state", j.state()},
          {"attempts", j.attempts()},
          {"failures", j.failures()},
          {"losses", j.losses()},
          {"retries", j.retries()},
          {"text", j.text()}};
}

json to_json(const wire::AttemptReport& a) {
  return {{"attempt", a.attempt()},
          {"worker", a.worker()},
          {"host", a.host()},
          {"device", a.device()},
          {"provenance", a.provenance()},
          {"pid", a.pid()},
          {"handed_out", a.handed_out()},
          {"ended", or_null(a.ended())},
          {"outcome", or_null(a.outcome())},
          {"segment", or_null(a.segment())},
          {"seconds", a.has_seconds() ? json(a.seconds()) : json()},
          {"text", a.text()}};
}

// Names of files and error texts may be any bytes.
std::string dump(const json& document) {
  return document.dump(1, ' ', false, json::error_handler_t::replace) + "\n";
}

std::string seconds_text(double seconds) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.2f s", seconds);
  return text.data();
}

std::string to_line(const wire::AttemptReport& a) {
  std::string line = "attempt " + std::to_string(a.attempt()) + ": " +
                     (a.outcome().empty() ? "in hand" : a.outcome()) + ", " + a.device() + " of pid " +
                     std::to_string(a.pid()) + " on " + a.host() + " (worker " + a.worker() + "), " +
                     a.handed_out() + " to " + (a.ended().empty() ? "now" : a.ended());
  if (a.seconds() > 0) line += ", computing " + seconds_text(a.seconds());
  if (!a.segment().empty()) line += ", " + a.segment();
  if (!a.provenance().empty()) line += "\n  on " + a.provenance();
  if (!a.text().empty()) line += "\n  " + a.text();
  return printable_lines(line) + "\n";
}

}  // namespace

wire::JobList list_jobs(Database& ledger, const wire::ListJobs& request) {
  const std::string state = known_state(request);
  check_known("kind", request.kind(), {to_string(JobKind::kPredict), to_string(JobKind::kExplain)});
  check_known("case", request.case_name(), cases_of(ledger));
  const std::string where =
      "WHERE (?1 = '' OR state = ?1) AND (?2 = '' OR kind = ?2) AND (?3 = '' OR case_name = ?3)";
  wire::JobList list;
  Statement count = ledger.prepare("SELECT count(*) FROM job_list " + where);
  count.query(state, request.kind(), request.case_name());
  while (count.next()) list.set_matching(static_cast<std::uint64_t>(count.integer(0)));
  Statement rows = ledger.prepare(columns(ledger) + where +
                                  " ORDER BY kind, rank, (SELECT id FROM images WHERE path = image), "
                                  "CASE role WHEN 'source' THEN 0 WHEN 'altered' THEN 1 ELSE 2 END, "
                                  "role_index, case_name, explained, replicate LIMIT ?4");
  rows.query(state, request.kind(), request.case_name(),
             request.limit() == 0 ? std::int64_t{-1} : std::int64_t{request.limit()});
  while (rows.next()) *list.add_jobs() = report_of(rows);
  return list;
}

std::vector<JobId> find_jobs(Database& ledger, JobId first, JobId last) {
  Statement rows = ledger.prepare("SELECT id FROM jobs WHERE id BETWEEN ? AND ? ORDER BY id LIMIT 2");
  rows.query(std::min(value(first), value(JobId{INT64_MAX})), std::min(value(last), value(JobId{INT64_MAX})));
  std::vector<JobId> found;
  while (rows.next()) found.push_back(JobId{static_cast<std::uint64_t>(rows.integer(0))});
  return found;
}

wire::JobStory job_story(Database& ledger, JobId job) {
  Statement one = ledger.prepare(columns(ledger) + "WHERE job = ?");
  one.query(value(job));
  if (!one.next()) throw InputError(ledger.file().string() + " has no job " + to_string(job));
  wire::JobStory story;
  *story.mutable_job() = report_of(one);
  Statement rows = ledger.prepare(
      std::string(
          "SELECT attempt, name, host, device, pid, handed_out, ended, outcome, segment, seconds, text, ") +
      provenance_column(ledger) +
      " FROM attempts JOIN workers ON workers.id = worker "
      "WHERE job = (SELECT number FROM jobs WHERE id = ?) AND attempt > ? ORDER BY attempt");
  rows.query(value(job), story.job().attempts() - kMostAttempts);
  while (rows.next()) {
    wire::AttemptReport& a = *story.add_attempts();
    a.set_attempt(rows.integer(0));
    a.set_worker(rows.text(1));
    a.set_host(rows.text(2));
    a.set_device(rows.text(3));
    a.set_pid(rows.integer(4));
    a.set_handed_out(rows.text(5));
    a.set_ended(rows.text(6));
    a.set_outcome(rows.text(7));
    a.set_segment(rows.text(8));
    if (!rows.is_null(9)) a.set_seconds(rows.real(9));
    a.set_text(rows.text(10));
    a.set_provenance(rows.text(11));
  }
  return story;
}

std::string to_text(const wire::JobList& list) {
  std::vector<std::array<std::string, 8>> rows{
      {"job", "kind", "state", "attempts", "case", "image", "variant", "text"}};
  for (const wire::JobReport& j : list.jobs())
    rows.push_back({id_of(j), j.kind(), j.state(), std::to_string(j.attempts()), printable(j.case_name()),
                    printable(j.image()), printable(j.variant()), printable(first_line(j.text()))});
  std::array<std::size_t, 8> widths{};
  for (const auto& row : rows)
    for (std::size_t c = 0; c < row.size(); ++c) widths[c] = std::max(widths[c], row[c].size());
  std::string text;
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t c = 0; c < row.size(); ++c)
      line += row[c] + std::string(widths[c] - row[c].size() + 2, ' ');
    text += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  }
  return text;
}

std::string to_json_text(const wire::JobList& list) {
  json jobs = json::array();
  for (const wire::JobReport& job : list.jobs()) jobs.push_back(to_json(job));
  return dump(jobs);
}

std::string to_text(const wire::JobStory& story) {
  const wire::JobReport& j = story.job();
  std::string text = "job " + id_of(j) + ": " + j.kind() + " " + printable(j.image()) + " " +
                     (j.variant().empty() ? "" : printable(j.variant()) + " ") + printable(j.case_name()) +
                     "\n";
  if (!j.role().empty())
    text += "explained as " + j.role() + " " + std::to_string(j.role_index()) + " of image " +
            std::to_string(j.rank()) + " in the sample, for class " + std::to_string(j.label()) + " (" +
            j.explained() + ")" + (j.replicate() == 0 ? "" : ", replicate " + std::to_string(j.replicate())) +
            (j.control_of().empty() ? "" : ", control of " + printable(j.control_of())) + "\n";
  text += j.state() + " after " + counted(j.attempts(), "attempt");
  if (j.retries() > 0) text += ", put back " + counted(j.retries(), "time");
  if (j.failures() + j.losses() > 0)
    text += (j.retries() > 0 ? "; since then " : "; ") + std::to_string(j.failures()) + " failed, " +
            std::to_string(j.losses()) + " lost with their worker";
  text += "\n";
  if (j.state() == "set_aside" || j.state() == "cancelled")
    text += "why: " + printable_lines(j.text()) + "\n";
  for (const wire::AttemptReport& attempt : story.attempts()) text += to_line(attempt);
  return text;
}

std::string to_json_text(const wire::JobStory& story) {
  json document = to_json(story.job());
  document["attempts_made"] = json::array();
  for (const wire::AttemptReport& attempt : story.attempts())
    document["attempts_made"].push_back(to_json(attempt));
  return dump(document);
}

}  // namespace wcam
