#include "benchmarks/queue_rig.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmath>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <vector>

#include "common/base/error.h"
#include "common/base/file.h"
#include "common/base/sha256.h"
#include "common/study/plan.h"

namespace fs = std::filesystem;

namespace wcam {

namespace {

constexpr const char* kExplained = "00.JPEG";  // how the names of images that are explained end

Plan make_plan(const SweepDirectory& sweep, const QueueStudy& study) {
  Plan plan;
  plan.images_root = sweep.root / "images";
  for (std::size_t i = 0; i < study.images; ++i) {
    char name[64];
    std::snprintf(name, sizeof name, "n%08zu/ILSVRC2012_val_%08zu.JPEG", 1'440'000 + i / 50, i);
    plan.images.push_back({name, sha256_of(name)});
  }
  for (std::size_t v = 0; v < study.variants; ++v)
    plan.variants.push_back("corruptions/none-" + std::to_string(v / 5) + "/" + std::to_string(v % 5 + 1));
  for (std::size_t c = 0; c < study.cases; ++c) {
    CaseSpec spec;
    spec.name = "case_" + std::to_string(c);
    spec.file = sweep.root / (spec.name + ".pt");
    spec.sha256 = sha256_of(spec.name);
    plan.cases.push_back(spec);
  }
  plan.selection.sample_size = static_cast<int>(study.images);  // so that no image is left out
  plan.selection.max_altered = 1;
  return plan;
}

}  // namespace

// Where all answers are said to be: a coordinator that resumes looks whether it is there, and not into it.
constexpr const char* kSegment = "nothing.h5";

ScratchSweep::ScratchSweep(const fs::path& folder, const QueueStudy& study) {
  std::string name = (folder / "wcam-queue-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr)
    throw std::runtime_error("cannot make a folder in " + folder.string());
  directory_.root = name;
  const Plan plan = make_plan(directory_, study);
  make_directories(plan.images_root);
  write_file_atomically(directory_.plan(), to_json_text(plan));
}

ScratchSweep::~ScratchSweep() {
  std::error_code ignored;
  fs::remove_all(directory_.root, ignored);
}

std::optional<WorkerKey> ScratchSweep::worker_key(bool insecure) const {
  if (insecure) return std::nullopt;
  const std::string name(kDefaultWorkerKey);
  make_keys(directory_, {name});
  return read_worker_key(directory_.worker_key(name));
}

Process start_coordinator(const SweepDirectory& sweep, bool insecure) {
  std::vector<std::string> command{sibling_program("wcam-coordinator"), "run", "--sweep", sweep.root};
  if (insecure) command.emplace_back("--insecure");
  if (fs::exists(sweep.ledger())) write_file_atomically(sweep.segments() / kSegment, "");
  return Process::start(command, sweep.root / "coordinator.stderr");
}

wire::Outcome answer_to(const wire::Job& job, std::size_t variants) {
  wire::Outcome outcome;
  outcome.set_job(job.job());
  outcome.set_attempt(job.attempt());
  outcome.set_seconds(1e-6);
  outcome.set_segment(kSegment);
  if (job.has_explain()) {
    outcome.mutable_profile()->set_seconds(1e-6);
    return outcome;
  }
  const bool explained = job.image().ends_with(kExplained);
  wire::Predictions& predictions = *outcome.mutable_predictions();
  for (std::size_t v = 0; v <= variants; ++v) {
    predictions.add_label(v > 0 && explained ? 281 : 282);
    predictions.add_logit(11.5F);
    predictions.add_probability(0.75F);
  }
  return outcome;
}

pid_t start_child(const std::function<void()>& act) {
  std::fflush(nullptr);
  const pid_t parent = ::getpid(), child = ::fork();
  if (child != 0) return child;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() == parent) act();
  std::fflush(nullptr);
  ::_exit(0);
}

double peak_memory_mib(pid_t pid) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(status, line);)
    if (line.rfind("VmHWM:", 0) == 0) return std::stod(line.substr(6)) / 1024;
  return 0;
}

double cpu_seconds(pid_t pid) {
  std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
  std::string text;
  std::getline(stat, text);
  if (text.empty()) return 0;
  std::istringstream fields(text.substr(text.rfind(')') + 2));  // from the third, the state
  std::string skipped;
  for (int field = 3; field < 14; ++field) fields >> skipped;
  double user = 0, system = 0;
  fields >> user >> system;
  return (user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

double milliseconds_of(const std::vector<std::string>& command) {
  const auto begun = std::chrono::steady_clock::now();
  const pid_t child = start_child([&] {
    ::dup2(::open("/dev/null", O_WRONLY | O_CLOEXEC), STDOUT_FILENO);
    become(command);
  });
  int status = 0;
  ::waitpid(child, &status, 0);
  if (status != 0) throw std::runtime_error(command.front() + " " + command.at(1) + " failed");
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begun).count();
}

std::size_t count_in_ledger(const SweepDirectory& sweep, const std::string& sql) {
  sqlite3* connection = nullptr;
  sqlite3_stmt* statement = nullptr;
  const bool answered = sqlite3_open(sweep.ledger().c_str(), &connection) == SQLITE_OK &&
                        sqlite3_prepare_v2(connection, sql.c_str(), -1, &statement, nullptr) == SQLITE_OK &&
                        sqlite3_step(statement) == SQLITE_ROW;
  const std::string problem = answered ? "" : sqlite3_errmsg(connection);
  const auto count = answered ? static_cast<std::size_t>(sqlite3_column_int64(statement, 0)) : 0;
  sqlite3_finalize(statement);
  sqlite3_close(connection);
  if (!answered) throw InputError("the ledger: " + problem + ": " + sql);
  return count;
}

double quantile(const std::vector<double>& sorted, double q) {
  if (sorted.empty()) return std::nan("");
  return sorted[static_cast<std::size_t>(q * static_cast<double>(sorted.size() - 1))];
}

}  // namespace wcam
