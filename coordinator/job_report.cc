#include "coordinator/job_report.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "common/joined.h"

using nlohmann::json;

namespace wcam {

namespace {

constexpr const char* kColumns =
    "SELECT job, kind, image, coalesce(variant, ''), case_name, coalesce(role, ''), state, "
    "CASE WHEN kind = 'explain' THEN rank END, role_index, label, attempts, failures, losses, retries, "
    "CASE WHEN text = '' THEN coalesce((SELECT text FROM attempts AS a WHERE a.job = job_list.job AND "
    "a.attempt = job_list.attempts), '') ELSE text END FROM job_list ";

std::optional<std::int64_t> optional_integer(const Statement& rows, int column) {
  if (rows.is_null(column)) return std::nullopt;
  return rows.integer(column);
}

JobReport report_of(const Statement& rows) {
  JobReport job;
  job.job = JobId{static_cast<std::uint64_t>(rows.integer(0))};
  job.kind = rows.text(1);
  job.image = rows.text(2);
  job.variant = rows.text(3);
  job.case_name = rows.text(4);
  job.role = rows.text(5);
  job.state = rows.text(6);
  job.rank = optional_integer(rows, 7);
  job.role_index = optional_integer(rows, 8);
  job.label = optional_integer(rows, 9);
  job.attempts = rows.integer(10);
  job.failures = rows.integer(11);
  job.losses = rows.integer(12);
  job.retries = rows.integer(13);
  job.text = rows.text(14);
  return job;
}

template <typename T>
json or_null(const std::optional<T>& value) {
  return value ? json(*value) : json();
}
json or_null(const std::string& text) { return text.empty() ? json() : json(text); }

json to_json(const JobReport& j) {
  return {{"job", to_string(j.job)},
          {"kind", j.kind},
          {"image", j.image},
          {"variant", or_null(j.variant)},
          {"case", j.case_name},
          {"role", or_null(j.role)},
          {"role_index", or_null(j.role_index)},
          {"rank", or_null(j.rank)},
          {"label", or_null(j.label)},
          {"state", j.state},
          {"attempts", j.attempts},
          {"failures", j.failures},
          {"losses", j.losses},
          {"retries", j.retries},
          {"text", j.text}};
}

json to_json(const AttemptReport& a) {
  return {{"attempt", a.attempt},
          {"worker", a.worker},
          {"host", a.host},
          {"device", a.device},
          {"pid", a.pid},
          {"handed_out", a.handed_out},
          {"ended", or_null(a.ended)},
          {"outcome", or_null(a.outcome)},
          {"segment", or_null(a.segment)},
          {"seconds", or_null(a.seconds)},
          {"text", a.text}};
}

// Names of files and error texts may be any bytes.
std::string dump(const json& document) {
  return document.dump(1, ' ', false, json::error_handler_t::replace) + "\n";
}

// The first line, for tables.
std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

std::string seconds_text(double seconds) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.2f s", seconds);
  return text.data();
}

std::string to_line(const AttemptReport& a) {
  std::string line = "attempt " + std::to_string(a.attempt) + ": " +
                     (a.outcome.empty() ? "in hand" : a.outcome) + ", " + a.device + " of pid " +
                     std::to_string(a.pid) + " on " + a.host + " (worker " + a.worker + "), " + a.handed_out +
                     " to " + (a.ended.empty() ? "now" : a.ended);
  if (a.seconds && *a.seconds > 0) line += ", computing " + seconds_text(*a.seconds);
  if (!a.segment.empty()) line += ", " + a.segment;
  if (!a.text.empty()) line += "\n  " + a.text;
  return line + "\n";
}

}  // namespace

std::vector<JobReport> list_jobs(Database& ledger, const JobFilter& filter, std::size_t& matching) {
  const std::string where =
      "WHERE (?1 = '' OR state = ?1) AND (?2 = '' OR kind = ?2) AND (?3 = '' OR case_name = ?3)";
  Statement count = ledger.prepare("SELECT count(*) FROM job_list " + where);
  count.query(filter.state, filter.kind, filter.case_name);
  matching = count.next() ? static_cast<std::size_t>(count.integer(0)) : 0;
  Statement rows = ledger.prepare(
      kColumns + where +
      " ORDER BY kind, rank, (SELECT id FROM images WHERE path = image), "
      "CASE role WHEN 'source' THEN 0 WHEN 'altered' THEN 1 ELSE 2 END, role_index, case_name LIMIT ?4");
  rows.query(filter.state, filter.kind, filter.case_name,
             filter.limit == 0 ? std::int64_t{-1} : static_cast<std::int64_t>(filter.limit));
  std::vector<JobReport> jobs;
  while (rows.next()) jobs.push_back(report_of(rows));
  return jobs;
}

std::vector<JobId> find_jobs(Database& ledger, JobId first, JobId last) {
  Statement rows = ledger.prepare("SELECT id FROM jobs WHERE id BETWEEN ? AND ? ORDER BY id LIMIT 2");
  rows.query(std::min(value(first), value(JobId{INT64_MAX})), std::min(value(last), value(JobId{INT64_MAX})));
  std::vector<JobId> found;
  while (rows.next()) found.push_back(JobId{static_cast<std::uint64_t>(rows.integer(0))});
  return found;
}

JobReport read_job(Database& ledger, JobId job) {
  Statement rows = ledger.prepare(std::string(kColumns) + "WHERE job = ?");
  rows.query(value(job));
  if (!rows.next()) throw InputError(ledger.file().string() + " has no job " + to_string(job));
  return report_of(rows);
}

std::vector<AttemptReport> read_attempts(Database& ledger, JobId job) {
  Statement rows = ledger.prepare(
      "SELECT attempt, name, host, device, pid, handed_out, ended, outcome, segment, seconds, text "
      "FROM attempts JOIN workers ON workers.id = worker WHERE job = ? ORDER BY attempt");
  rows.query(value(job));
  std::vector<AttemptReport> attempts;
  while (rows.next()) {
    AttemptReport a;
    a.attempt = rows.integer(0);
    a.worker = rows.text(1);
    a.host = rows.text(2);
    a.device = rows.text(3);
    a.pid = rows.integer(4);
    a.handed_out = rows.text(5);
    a.ended = rows.text(6);
    a.outcome = rows.text(7);
    a.segment = rows.text(8);
    if (!rows.is_null(9)) a.seconds = rows.real(9);
    a.text = rows.text(10);
    attempts.push_back(std::move(a));
  }
  return attempts;
}

std::string to_text(const std::vector<JobReport>& jobs) {
  std::vector<std::array<std::string, 8>> rows{
      {"job", "kind", "state", "attempts", "case", "image", "variant", "text"}};
  for (const JobReport& j : jobs)
    rows.push_back({to_string(j.job), j.kind, j.state, std::to_string(j.attempts), j.case_name, j.image,
                    j.variant, first_line(j.text)});
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

std::string to_json_text(const std::vector<JobReport>& jobs) {
  json list = json::array();
  for (const JobReport& job : jobs) list.push_back(to_json(job));
  return dump(list);
}

std::string to_text(const JobReport& j, const std::vector<AttemptReport>& attempts) {
  std::string text = "job " + to_string(j.job) + ": " + j.kind + " " + j.image + " " +
                     (j.variant.empty() ? "" : j.variant + " ") + j.case_name + "\n";
  if (!j.role.empty())
    text += "explained as " + j.role + " " + std::to_string(j.role_index.value_or(0)) + " of image " +
            std::to_string(j.rank.value_or(0)) + " in the sample, for class " +
            std::to_string(j.label.value_or(0)) + "\n";
  text += j.state + " after " + counted(j.attempts, "attempt");
  if (j.retries > 0) text += ", put back " + counted(j.retries, "time");
  if (j.failures + j.losses > 0)
    text += (j.retries > 0 ? "; since then " : "; ") + std::to_string(j.failures) + " failed, " +
            std::to_string(j.losses) + " lost with their worker";
  text += "\n";
  if (j.state == "set_aside" || j.state == "cancelled") text += "why: " + j.text + "\n";
  for (const AttemptReport& attempt : attempts) text += to_line(attempt);
  return text;
}

std::string to_json_text(const JobReport& job, const std::vector<AttemptReport>& attempts) {
  json document = to_json(job);
  document["attempts_made"] = json::array();
  for (const AttemptReport& attempt : attempts) document["attempts_made"].push_back(to_json(attempt));
  return dump(document);
}

}  // namespace wcam
