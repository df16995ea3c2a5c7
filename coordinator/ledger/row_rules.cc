#include "coordinator/ledger/row_rules.h"

#include <map>
#include <optional>

#include "coordinator/ledger/schema.h"

namespace wcam {

namespace {

struct Rule {
  std::string table;
  std::string broken;  // SQL that is true of a row that cannot be
  std::string what;    // "row ... of TABLE, WHAT"
};

// Clocks are set back, by seconds as a rule; a day leaves room for one that was wrong when the sweep began.
#define A_DAY_BEFORE(time) "strftime('%Y-%m-%dT%H:%M:%fZ', " time ", '-1 day')"
#define NO_TIME(column)                                                                              \
  column " IS NOT NULL AND (" column " IS NOT strftime('%Y-%m-%dT%H:%M:%fZ', " column ") OR " column \
         " < (SELECT " A_DAY_BEFORE("created") " FROM plan))"

constexpr const char* kNoTime = "with a time that is none, or is before the sweep was made";
constexpr const char* kEndsFirst = "which ends before it begins";

const Rule kRules[] = {
    {"plan", NO_TIME("created"), kNoTime},
    {"images", NO_TIME("decided"), kNoTime},
    {"images", "decided IS NULL AND state <> 'undecided'", "decided and without the time of it"},
    {"images", "text <> '' AND state IN ('undecided', 'selected')",
     "with a reason why it was left out, and it was not"},
    {"cases", "cancelled NOT IN (0, 1)", "cancelled or not is 1 or 0"},
    {"workers", NO_TIME("joined"), kNoTime},
    {"workers", NO_TIME("drained"), kNoTime},
    {"jobs", "text <> '' AND state IN ('waiting', 'leased', 'done')",
     "with a reason why it was set aside or cancelled, and it was not"},
    {"jobs",
     "kind = 'predict' AND (role IS NOT NULL OR role_index IS NOT NULL OR label IS NOT NULL OR explained IS "
     "NOT NULL OR replicate <> 0 OR control_of IS NOT NULL)",
     "a predict job with what only an explain job has"},
    {"jobs", "control_of = 0 OR (kind = 'predict' AND variant = 0)",
     "with the source by number where it goes without saying"},
    {"jobs",
     "attempts <> (SELECT count(*) FROM attempts WHERE job = number AND attempt BETWEEN 1 AND attempts) OR "
     "attempts <> (SELECT count(*) FROM attempts WHERE job = number)",
     "which has other attempts than it counts"},
    {"attempts", NO_TIME("handed_out"), kNoTime},
    {"attempts", NO_TIME("ended"), kNoTime},
    {"attempts", "ended < " A_DAY_BEFORE("handed_out"), kEndsFirst},
    {"attempts", "(ended IS NULL) <> (outcome IS NULL)", "which has ended or has an outcome, and not both"},
    {"attempts", "outcome IN ('done', 'destroyed') AND (segment IS NULL OR coalesce(seconds, -1) < 0)",
     "with a result and no segment or seconds of it"},
    {"attempts",
     "coalesce(outcome, '') NOT IN ('done', 'destroyed') AND (segment IS NOT NULL OR seconds IS NOT NULL)",
     "with a segment or seconds, and no result"},
    {"attempts", "outcome = 'done' AND text IS NOT NULL", "done, with a reason why not"},
};

const Rule kRulesFrom5[] = {
    {"runs", NO_TIME("began"), kNoTime},
    {"runs", NO_TIME("ended"), kNoTime},
    {"runs", "ended < " A_DAY_BEFORE("began"), kEndsFirst},
};

#undef NO_TIME
#undef A_DAY_BEFORE

std::string row_text(const Statement& row) {
  constexpr std::size_t kLongest = 60;
  std::string text;
  for (int column = 0; column < row.columns(); ++column) {
    const std::string value = row.text(column);
    text += (column == 0 ? "" : "|") + (value.size() > kLongest ? value.substr(0, kLongest) + "..." : value);
  }
  return text;
}

// An earlier version's jobs with the columns that they lack.
std::string rows_of(Database& ledger, const std::string& table) {
  if (table != "jobs" || schema_of(ledger) >= 5) return table;
  return "(SELECT *, " + design_columns(ledger) + " FROM jobs)";
}

// The first row that breaks a rule.
std::optional<std::string> breaking(Database& ledger, const Rule& rule) {
  Statement rows = ledger.prepare("SELECT * FROM " + rows_of(ledger, rule.table) + " WHERE " + rule.broken);
  rows.query();
  if (!rows.next()) return std::nullopt;
  return "row " + row_text(rows) + " of " + rule.table + ", " + rule.what;
}

// A rule a table: each value has the type of its column.
std::vector<Rule> rules_of_types(Database& ledger) {
  Statement columns = ledger.prepare(
      "SELECT tables.name, of_table.name, lower(of_table.type) FROM sqlite_master AS tables, "
      "pragma_table_info(tables.name) AS of_table WHERE tables.type = 'table'");
  columns.query();
  std::map<std::string, std::string> broken;
  while (columns.next()) {
    std::string& any = broken[columns.text(0)];
    any += (any.empty() ? "" : " OR ") + ("typeof(" + columns.text(1)) + ") NOT IN ('null', '" +
           columns.text(2) + "')";
  }
  std::vector<Rule> rules;
  for (const auto& [table, any] : broken)
    rules.push_back({table, any, "with a value of another type than its column"});
  return rules;
}

}  // namespace

void check_rows(Database& ledger) {
  for (const auto& [table, holds] : row_checks())
    if (const auto row = breaking(ledger, {table, "NOT (" + holds + ")", "against CHECK (" + holds + ")"}))
      throw DamageError(ledger.file(), *row);
}

std::vector<std::string> impossible_rows(Database& ledger) {
  std::vector<Rule> rules = rules_of_types(ledger);
  rules.insert(rules.end(), std::begin(kRules), std::end(kRules));
  if (schema_of(ledger) >= 5) rules.insert(rules.end(), std::begin(kRulesFrom5), std::end(kRulesFrom5));
  std::vector<std::string> found;
  for (const Rule& rule : rules)
    if (const auto row = breaking(ledger, rule)) found.push_back(ledger.file().string() + " holds " + *row);
  return found;
}

}  // namespace wcam
