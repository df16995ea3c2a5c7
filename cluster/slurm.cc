#include "cluster/slurm.h"

#include <algorithm>
#include <regex>

#include "common/base/shell.h"
#include "common/base/sweep_directory.h"
#include "common/wire/address.h"

namespace wcam {

namespace {

// A word of squeue's.
std::string name_of(const SlurmSweep& sweep) {
  std::string name = "wcam-" + sweep.sweep.filename().string();
  std::replace(name.begin(), name.end(), ' ', '_');
  return name;
}

// The lines of #SBATCH, which end at the first command.
class Directives {
 public:
  void add(const std::string& option) { text_ += "#SBATCH " + option + "\n"; }
  void add(const std::string& option, const std::string& value) {
    if (!value.empty()) add(option + "=" + value);
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

// The first that a script does: Slurm may say that time is up a minute earlier than asked, so at once.
constexpr const char* kListen = "told=\nlisten() { trap 'told=yes' TERM INT; }\nlisten\n";

Directives common_directives(const SlurmSweep& sweep, const SlurmSweep::Words& words, const std::string& role,
                             const std::string& log) {
  Directives lines;
  lines.add("--job-name=" + name_of(sweep) + "-" + role);
  lines.add("--output=\"" + (SweepDirectory{sweep.sweep}.logs() / log).string() + "\"");
  lines.add("--open-mode=append");
  lines.add("--requeue");
  lines.add("--signal=B:TERM@" + std::to_string(sweep.notice));
  lines.add("--nodes=1");
  lines.add("--ntasks=1");
  lines.add("--partition", words.partition);
  lines.add("--account", words.account);
  lines.add("--time", sweep.time);
  for (const std::string& option : words.extra) lines.add(option);
  return lines;
}

// What both scripts do: run a program so that Slurm's SIGTERM reaches it, and go back to the queue.
std::string functions(const SlurmSweep& sweep) {
  return "\nsweep=" + quoted(sweep.sweep.string()) +
         (sweep.container.empty() ? "\nprograms=" + quoted(sweep.programs.string()) : "") +
         "\nmost_rounds=" + std::to_string(sweep.most_rounds) + R"(
job=${SLURM_JOB_ID:-}  # none by hand
unset WCAM_TYPED       # sbatch hands on what `wcam submit` told the programs that it started

# Slurm signals this shell alone (--signal=B): the program gets it from here, and is waited for.
run() {
  status=5
  [ -z "$told" ] || return
  "$@" &
  program=$!
  trap 'told=yes; kill -TERM $program 2>/dev/null' TERM INT
  [ -z "$told" ] || kill -TERM $program
  while true; do
    wait $program
    status=$?
    kill -0 $program 2>/dev/null || break
  done
  listen  # what follows, the packing of results, has the time between the notice and the limit
  wait $program 2>/dev/null  # the signal may have cut the last one short
  last=$?
  [ $last -eq 127 ] || status=$last
  # A program that was told before it could listen has done nothing.
  [ -z "$told" ] || [ $status -ne 143 ] || status=5
}

# The same job once more, in the queue. Slurm itself does so after a preemption. One that is told to end and has no
# round left has done all that it should; one that Slurm does not take back has not, and shows so (FAILED).
again() {
  if [ -n "$job" ] && [ "${SLURM_RESTART_COUNT:-0}" -lt $most_rounds ]; then
    echo "$(date -u +%FT%TZ) round $((${SLURM_RESTART_COUNT:-0} + 1)) of $((most_rounds + 1)) ends: back to the queue"
    trap - TERM INT  # with which Slurm now ends us
    if scontrol requeue "$job"; then
      sleep 60 || exit  # it ends us
    fi
    echo "Slurm has not put job $job back into the queue ('scontrol requeue $job': does this site allow it?); nothing" \
      "is lost: 'wcam submit --sweep $sweep' goes on, with --join while its coordinator runs; with a longer --time" \
      "fewer rounds are needed" >&2
  elif [ -n "$told" ]; then
    status=0
  fi
}
)";
}

// One of our programs, as the scripts call it: of this installation, or found on the PATH of the image, which
// sees the sweep's folder wherever it is.
std::string program(const SlurmSweep& sweep, const std::string& name, bool gpu = false) {
  if (sweep.container.empty()) return "\"$programs/" + name + "\"";
  return "apptainer exec " + std::string(gpu ? "--nv " : "") + "--bind \"$sweep\" " +
         quoted(sweep.container) + " " + name;
}

// Where a variable in --stage is not set, nothing is staged.
std::string staging(const SlurmSweep& sweep) {
  if (sweep.stage.empty()) return "";
  return "stage=()\nif folder=$(echo \"" + sweep.stage +
         "\"); then stage=(--stage \"$folder\"); else echo 'nothing is staged' >&2; fi\n";
}

// Of a time limit as Slurm takes it: M, M:S, H:M:S, D-H, D-H:M or D-H:M:S; nullopt: a word, or a mistake that
// sbatch will name.
std::optional<long> seconds_in(const std::string& time) {
  static const std::regex form(R"((?:(\d{1,6})-)?(\d{1,6})(?::(\d{1,6}))?(?::(\d{1,6}))?)");
  std::smatch found;
  if (!std::regex_match(time, found, form)) return std::nullopt;
  const auto number = [&](std::size_t i) { return found[i].matched ? std::stol(found[i]) : 0; };
  const bool from_hours = found[1].matched || found[4].matched;
  if (from_hours) return ((number(1) * 24 + number(2)) * 60 + number(3)) * 60 + number(4);
  return number(2) * 60 + number(3);
}

}  // namespace

std::optional<std::string> problem(const SlurmSweep& sweep) {
  const std::string root = sweep.sweep.string();
  if (root.find_first_of("\n%\\\"'") != std::string::npos)
    return "the sweep's folder " + root +
           " has a character that Slurm's log names cannot have (%, \\, a quote or a line's end)";
  if (!sweep.container.empty() && root.find_first_of(":,") != std::string::npos)
    return "the sweep's folder " + root + " has a character that Apptainer's --bind cannot have (: or ,)";
  for (const std::string* word :
       {&sweep.time, &sweep.crew.partition, &sweep.crew.account, &sweep.coordinator.partition,
        &sweep.coordinator.account, &sweep.constraint, &sweep.memory, &sweep.gpu_type})
    if (word->find_first_of(" \t\n") != std::string::npos)
      return "'" + *word + "' is no word of Slurm: it has a space";
  if (const auto limit = seconds_in(sweep.time); limit && *limit <= sweep.notice)
    return "--time " + sweep.time + " (" + std::to_string(*limit) + " s) leaves nothing before --notice, " +
           std::to_string(sweep.notice) + " s: give more time, or less notice";
  if ((sweep.container + sweep.bind).find('\n') != std::string::npos)
    return "--container and --bind take one line";
  if (!is_bind(sweep.bind)) return "--bind '" + sweep.bind + "'" + kBindForm;
  if (sweep.stage.find_first_of("\"`\\\n(") != std::string::npos)
    return "--stage " + sweep.stage +
           " has a character that a folder's name in a script cannot have: only $NAME is looked up";
  for (const SlurmSweep::Words* words : {&sweep.crew, &sweep.coordinator})
    for (const std::string& option : words->extra)
      if (option.rfind("--", 0) != 0 || option.find('\n') != std::string::npos)
        return "'" + option + "' is no option of sbatch: --NAME or --NAME=VALUE";
  return std::nullopt;
}

std::string coordinator_script(const SlurmSweep& sweep) {
  Directives lines = common_directives(sweep, sweep.coordinator, "coordinator", "slurm-coordinator-%j.log");
  lines.add("--cpus-per-task=2");
  std::string draw;
  if (sweep.figures)
    draw = "    " + program(sweep, "wcam-plot") + " figure-4 \"$sweep\" &&\n      " +
           program(sweep, "wcam-plot") + " figure-5 \"$sweep\" || exit\n";
  return "#!/bin/bash\n" + lines.text() +
         "\n# The coordinator of one sweep, written by `wcam submit`. By hand: bash FILE, where workers can "
         "reach it.\n" +
         kListen + "set -u\n" + functions(sweep) + "\nexport " + kTypedCommand + "=" + quoted(sweep.command) +
         "\nrun " + program(sweep, "wcam-coordinator") + " run --sweep \"$sweep\" --bind " +
         quoted(sweep.bind) + " --hand-over " + quoted(sweep.coordinator_options) + R"(
case $status in
  0 | 4)
    touch "$sweep/slurm/finished"  # workers that start from now on have nothing to do
    [ ! -s "$sweep/slurm/workers" ] || scancel --state=PENDING $(cat "$sweep/slurm/workers") 2>/dev/null
    )" + program(sweep, "wcam-coordinator") +
         R"( pack "$sweep"
    case $? in
      0) ;;
      4) status=4 ;;
      *) exit ;;
    esac
)" + draw +
         R"(    ;;
  5) again ;;
esac
exit $status
)";
}

std::string worker_script(const SlurmSweep& sweep) {
  Directives lines = common_directives(sweep, sweep.crew, "worker", "slurm-worker-%A_%a.log");
  lines.add("--array=0-" + std::to_string(sweep.workers - 1) +
            (sweep.array_limit > 0 ? "%" + std::to_string(sweep.array_limit) : ""));
  lines.add("--cpus-per-task=" + std::to_string(sweep.cpus));
  lines.add("--mem", sweep.memory);
  lines.add("--constraint", sweep.constraint);
  if (sweep.gpu) lines.add("--gres=gpu:" + (sweep.gpu_type.empty() ? "" : sweep.gpu_type + ":") + "1");
  const std::string device = sweep.gpu ? R"(
# Slurm says which GPU is this task's (an index, a GPU-... or a MIG-... id); it is the only one the worker sees, so its number there is 0.
case "${CUDA_VISIBLE_DEVICES:-}" in
  "") echo "Slurm gave this task no GPU: CUDA_VISIBLE_DEVICES is empty" >&2; exit 3 ;;
  *,*) echo "Slurm gave this task several GPUs, $CUDA_VISIBLE_DEVICES: a worker uses one" >&2; exit 3 ;;
esac
device=cuda:0
)"
                                       : "\ndevice=cpu\n";
  return "#!/bin/bash\n" + lines.text() +
         "\n# A worker of one sweep, written by `wcam submit`. By hand: bash FILE.\n" + kListen + "set -u\n" +
         functions(sweep) + device + R"(
[ ! -e "$sweep/slurm/finished" ] || exit 0
name=${SLURM_ARRAY_JOB_ID:-hand}-${SLURM_ARRAY_TASK_ID:-$$}
# One task has the array's own number as its SLURM_JOB_ID, by which all tasks would go back to the queue.
[ -z "${SLURM_ARRAY_JOB_ID:-}" ] || job=${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID
)" + staging(sweep) +
         "run " + program(sweep, "wcam-worker", sweep.gpu) +
         " run --sweep \"$sweep\" --device $device --threads "
         "\"${SLURM_CPUS_PER_TASK:-" +
         std::to_string(sweep.cpus) + "}\" --log \"$sweep/logs/worker-$name.log\" " +
         quoted(sweep.worker_options) + (sweep.stage.empty() ? "" : " \"${stage[@]}\"") + R"(
[ $status -ne 5 ] || again  # told to end, or no coordinator came
exit $status
)";
}

}  // namespace wcam
