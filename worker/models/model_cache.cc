#include "worker/models/model_cache.h"

#include <spdlog/spdlog.h>

#include <chrono>
#include <filesystem>

#include "common/base/elapsed.h"
#include "worker/models/memory.h"

namespace wcam {

namespace {

double mebibytes(std::uint64_t bytes) { return static_cast<double>(bytes) / (1 << 20); }

}  // namespace

ModelCache::ModelCache(std::uint64_t capacity_bytes, Loader load)
    : load_(std::move(load)), models_(capacity_bytes) {}

const Model& ModelCache::get(const CaseSpec& spec) {
  if (const Model* loaded = models_.find(spec.name)) return *loaded;
  make_room(expected_bytes(spec));
  const auto begun = std::chrono::steady_clock::now();
  Model model = load_(spec);
  const double seconds = seconds_since(begun);
  const std::uint64_t bytes = model.bytes();
  make_room(bytes);
  if (bytes_.emplace(spec.name, bytes).second && models_.capacity() > 0 && bytes > models_.capacity())
    spdlog::warn("case {} takes {:.1f} MiB, more than the {:.1f} MiB of --model-memory: it is loaded alone",
                 spec.name, mebibytes(bytes), mebibytes(models_.capacity()));
  const Model& added = models_.add(spec.name, std::move(model), bytes);
  spdlog::info("case {} loaded in {:.2f} s: {:.1f} MiB, {:.1f} of {:.1f} MiB in use", spec.name, seconds,
               mebibytes(bytes), mebibytes(models_.total()), mebibytes(models_.capacity()));
  return added;
}

std::uint64_t ModelCache::expected_bytes(const CaseSpec& spec) const {
  if (const auto known = bytes_.find(spec.name); known != bytes_.end()) return known->second;
  std::error_code unreadable;  // the loader says what is wrong
  const auto size = std::filesystem::file_size(spec.file, unreadable);
  return unreadable ? 0 : size;
}

void ModelCache::drop(const std::string& name) { tell_dropped(models_.drop(name)); }

bool ModelCache::keep_only(const std::string& name) { return tell_dropped(models_.drop_but(name)); }

void ModelCache::make_room(std::uint64_t bytes) { tell_dropped(models_.make_room(bytes)); }

bool ModelCache::tell_dropped(const std::vector<std::string>& dropped) {
  for (const std::string& name : dropped) spdlog::info("case {} dropped from memory", name);
  if (!dropped.empty()) return_freed_memory();
  return !dropped.empty();
}

}  // namespace wcam
