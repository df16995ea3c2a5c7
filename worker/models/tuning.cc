#include "worker/models/tuning.h"

#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>
#include <fcntl.h>
#include <spdlog/fmt/fmt.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <functional>
#include <limits>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <tuple>
#include <utility>

#include "common/base/elapsed.h"
#include "common/base/error.h"
#include "common/base/file.h"
#include "common/base/host.h"
#include "common/base/json_integer.h"
#include "common/base/sha256.h"
#include "worker/models/built_in_pictures.h"
#include "worker/models/device.h"
#include "worker/models/memory.h"
#include "worker/models/model.h"

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;
using nlohmann::json;

namespace wcam {

namespace {

constexpr double kSeconds = 20;
constexpr std::size_t kRepeats = 7;
constexpr double kClearlySlower = 1.25;
// The default's first: it tells what the others may cost.
constexpr std::array kBatches{8, 16, 4, 32, 64, 2, 1};

std::uint64_t resident_bytes() {
  std::uint64_t pages = 0;
  std::ifstream statm("/proc/self/statm");
  statm >> pages >> pages;
  return pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

// Of a worker, where every core may have one of `threads`, with half of it for other things.
double share_of_memory(int threads) {
  return static_cast<double>(free_memory_bytes()) / 2 / std::max(1, usable_cores() / threads);
}

// What a forward takes: of one thread its own time, which what else the machine does prolongs least.
double seconds_of(at::Device device, const std::function<void()>& forward) {
  const bool alone = device.is_cpu() && at::get_num_threads() == 1;
  const auto now = [alone] {
    timespec time{};
    ::clock_gettime(alone ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC, &time);
    return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
  };
  const double begun = now();
  forward();
  return now() - begun;
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

class Tuner {
 public:
  Tuner(const CaseSpec& spec, const std::string& device)
      : spec_(spec), device_(device), memory_(share_of_memory(at::get_num_threads())) {}

  Tuning run() {
    for (const int batch : kBatches)
      for (const bool optimised : {false, true}) try_form({optimised, batch});
    // In turns, so that what else the machine does meets all alike.
    for (std::size_t round = 1; round < kRepeats; ++round)
      for (Cell& cell : cells_)
        if (cell.model && median(cell.image_seconds) <= kClearlySlower * fastest() &&
            seconds_since(begun_) + fastest() * cell.form.batch_size < kSeconds)
          time(cell);
    for (const Cell& cell : cells_) tuning_.times.push_back({cell.form, median(cell.image_seconds)});
    for (const auto& [names, why] : left_out_) tuning_.left_out.push_back(names + ": " + why);
    return std::move(tuning_);
  }

 private:
  struct Cell {
    ForwardForm form;
    std::shared_ptr<const Model> model;  // none: not measured again
    at::Tensor input;
    std::vector<double> image_seconds;
  };

  double fastest() const {
    double seconds = std::numeric_limits<double>::infinity();
    for (const Cell& cell : cells_) seconds = std::min(seconds, median(cell.image_seconds));
    return seconds;
  }

  void leave_out(const ForwardForm& form, const std::string& why) {
    const std::string name = form_name(form.optimised) + " " + std::to_string(form.batch_size);
    const auto same =
        std::find_if(left_out_.begin(), left_out_.end(), [&](const auto& one) { return one.second == why; });
    same == left_out_.end() ? void(left_out_.emplace_back(name, why)) : void(same->first += ", " + name);
  }

  void try_form(const ForwardForm& form) {
    if (form.optimised && !can_be_optimised_) return;
    if (!cells_.empty() && !fits(form)) return;
    try {
      cells_.push_back(measured(form));
    } catch (const OutOfMemory& e) {
      if (!plain_) throw;
      leave_out(form, e.what());
    } catch (const InputError& e) {
      if (!form.optimised) throw;
      can_be_optimised_ = false;
      leave_out(form, e.what());
    }
    const double bound = kClearlySlower * fastest();
    for (Cell& cell : cells_)
      if (cell.image_seconds.front() > bound) cell.model = nullptr;
  }

  // By what the first has told.
  bool fits(const ForwardForm& form) {
    // A network that is loaded to be optimised runs on its batch four times, a plain one twice.
    const double seconds = fastest() * form.batch_size * (form.optimised ? 4 : 2);
    if (seconds_since(begun_) + seconds > kSeconds / 2) {  // the rest is for repeats
      leave_out(form, fmt::format("there is no time in {:.0f} s", kSeconds));
      return false;
    }
    const double bytes = image_bytes_ * form.batch_size +
                         static_cast<double>(plain_->bytes()) * static_cast<double>(optimised_loaded() + 1);
    if (plain_->device().is_cpu() && form.batch_size > cells_.front().form.batch_size && bytes > memory_) {
      leave_out(form, fmt::format("it may take {:.0f} MiB, this worker's share of free memory is {:.0f}",
                                  bytes / (1 << 20), memory_ / (1 << 20)));
      return false;
    }
    return true;
  }

  std::ptrdiff_t optimised_loaded() const {
    return std::count_if(cells_.begin(), cells_.end(),
                         [](const Cell& cell) { return cell.form.optimised && cell.model; });
  }

  Cell measured(const ForwardForm& form) {
    Cell cell{form, plain_, {}, {}};
    if (form.optimised || !plain_)
      cell.model = std::make_shared<const Model>(Model::load(spec_, device_, form));
    cell.input =
        cell.model->to_input(built_in_batch(spec_.input_size, static_cast<std::size_t>(form.batch_size)));
    if (!form.optimised) warm_up(cell);
    time(cell);
    return cell;
  }

  // Makes room, and tells how much it takes.
  void warm_up(const Cell& cell) {
    const std::uint64_t before = resident_bytes();
    cell.model->forward(cell.input).cpu();
    if (plain_) return;
    plain_ = cell.model;
    image_bytes_ = static_cast<double>(std::max(resident_bytes(), before) - before) / cell.form.batch_size;
  }

  static void time(Cell& cell) {
    const double seconds =
        seconds_of(cell.model->device(), [&cell] { cell.model->forward(cell.input).cpu(); });
    cell.image_seconds.push_back(seconds / cell.form.batch_size);
  }

  const CaseSpec& spec_;
  const std::string device_;
  const double memory_;
  const Clock::time_point begun_ = Clock::now();
  std::shared_ptr<const Model> plain_;
  double image_bytes_ = 0;  // of activations, for each image of a batch
  bool can_be_optimised_ = true;
  std::vector<Cell> cells_;
  std::vector<std::pair<std::string, std::string>> left_out_;  // "plain 32, plain 64", and why
  Tuning tuning_;
};

// Where tunings are kept; empty: nowhere, since this user has no home.
fs::path cache_file() {
  if (const char* cache = std::getenv("XDG_CACHE_HOME"); cache != nullptr && *cache == '/')
    return fs::path(cache) / "wcam/forms";
  const char* home = std::getenv("HOME");
  return home == nullptr || *home != '/' ? fs::path() : fs::path(home) / ".cache/wcam/forms";
}

// While it lives, no other process measures that keeps its tunings in the same file on this host.
class TuningLock {
 public:
  explicit TuningLock(const fs::path& file)
      : fd_(::open((file.string() + ".lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666)) {
    if (fd_ < 0) throw InputError("cannot lock " + file.string() + ": " + std::strerror(errno));
    while (::flock(fd_, LOCK_EX) != 0 && errno == EINTR) {
    }
  }
  ~TuningLock() { ::close(fd_); }
  TuningLock(const TuningLock&) = delete;
  TuningLock& operator=(const TuningLock&) = delete;

 private:
  int fd_;
};

// What the file holds: {"what decides a tuning": {...}, ...}; of a damaged one nothing.
json kept_in(const fs::path& file) {
  json kept = fs::exists(file) ? json::parse(read_file(file), nullptr, false) : json::object();
  return kept.is_object() ? kept : json::object();
}

// Everything that may decide which form is fastest.
std::string key_of(const CaseSpec& spec, const std::string& device) {
  return provenance_of(parse_device(device)) + "; " + std::to_string(spec.input_size) + " pixels; " +
         (spec.sha256.empty() ? sha256_of_file(spec.file) : spec.sha256);
}

std::optional<Tuning> found_in(const json& kept, const std::string& key) {
  try {
    if (kept.contains(key)) return tuning_from_json_text(kept.at(key).dump());
  } catch (const json::exception&) {  // of a later version, or damaged: measured again
  } catch (const InputError&) {
  }
  return std::nullopt;
}

}  // namespace

double Tuning::gain(const ForwardForm& form) const {
  const auto measured =
      std::find_if(times.begin(), times.end(), [&](const FormTime& t) { return t.form == form; });
  return measured == times.end() ? 1 : times.front().image_seconds / measured->image_seconds;
}

ForwardForm Tuning::best(const WantedForm& wanted) const {
  double fastest = std::numeric_limits<double>::infinity();
  for (const FormTime& t : times)
    if (wanted.allows(t.form)) fastest = std::min(fastest, t.image_seconds);
  std::optional<ForwardForm> best;
  const auto worth = [](const ForwardForm& form) {
    return std::tuple(form != ForwardForm{}, form.optimised, form.batch_size);
  };
  for (const FormTime& t : times)
    if (wanted.allows(t.form) && t.image_seconds <= kNoGain * fastest &&
        (!best || worth(t.form) < worth(*best)))
      best = t.form;
  return best.value_or(wanted.or_default());
}

Tuning tune(const CaseSpec& spec, const std::string& device) {
  return_freed_memory();  // what an earlier network has left would hide what this one takes
  Tuning tuning = Tuner(spec, device).run();
  return_freed_memory();
  return tuning;
}

KnownTuning known_tuning(const CaseSpec& spec, const std::string& device, bool anew) {
  const fs::path file = cache_file();
  std::optional<TuningLock> lock;
  try {
    if (file.empty()) throw InputError("neither XDG_CACHE_HOME nor HOME names a folder");
    make_directories(file.parent_path());
    lock.emplace(file);
  } catch (const InputError& e) {
    return {tune(spec, device), true, e.what()};
  }
  const std::string key = key_of(spec, device);
  if (!anew)
    if (auto found = found_in(kept_in(file), key)) return {*std::move(found), false, ""};
  KnownTuning known{tune(spec, device), true, ""};
  try {
    json kept = kept_in(file);
    kept[key] = json::parse(to_json_text(known.tuning));
    write_file_atomically(file, kept.dump(1) + "\n");
  } catch (const InputError& e) {
    known.not_kept = e.what();
  }
  return known;
}

ChosenForm choose_form(const CaseSpec& spec, const std::string& device, const WantedForm& wanted) {
  if (!wanted.is_open()) return {wanted.or_default(), to_string(wanted.or_default()) + ", as asked for"};
  const KnownTuning known = known_tuning(spec, device);
  const ForwardForm form = known.tuning.best(wanted);
  std::string why = to_string(form) + (known.measured_now ? ", measured" : ", as measured before");
  if (form != ForwardForm{})
    why += fmt::format(": {:.2f} times as fast as {}", known.tuning.gain(form), to_string(ForwardForm{}));
  if (!known.not_kept.empty()) why += " (to be measured again next time: " + known.not_kept + ")";
  return {form, why};
}

std::string to_json_text(const Tuning& tuning) {
  json times = json::array();
  for (const FormTime& t : tuning.times)
    times.push_back({{"form", form_name(t.form.optimised)},
                     {"batch_size", t.form.batch_size},
                     {"image_seconds", t.image_seconds}});
  return json{{"times", std::move(times)}, {"left_out", tuning.left_out}}.dump();
}

Tuning tuning_from_json_text(const std::string& text) {
  const json document = json::parse(text);
  Tuning tuning;
  for (const json& t : document.at("times")) {
    const ForwardForm form{t.at("form") == form_name(true), integer_of<int>(t.at("batch_size"))};
    tuning.times.push_back({form, t.at("image_seconds").get<double>()});
    if (!(tuning.times.back().image_seconds > 0)) throw InputError("a tuning with a time that is none");
  }
  document.at("left_out").get_to(tuning.left_out);
  if (tuning.times.empty()) throw InputError("a tuning without times");
  return tuning;
}

}  // namespace wcam
