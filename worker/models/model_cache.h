// The cases a worker has loaded: as many as fit a bound of memory, the least recently used dropped first.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "worker/base/lru_cache.h"
#include "worker/models/model.h"

namespace wcam {

class ModelCache {
 public:
  using Loader = std::function<Model(const CaseSpec& spec)>;

  // capacity_bytes bounds the sum of Model::bytes(), activations not counted. The model in use may exceed it
  // alone: 0 keeps that one only.
  ModelCache(std::uint64_t capacity_bytes, Loader load);

  // The model of this case, loaded if it is not; valid until the next get(). Room is made before loading, by
  // what the case took last time or else by its file's size, so that the bound also holds while two models
  // change places. Logs what is loaded, with seconds and bytes, and what is dropped. Throws what the loader
  // throws.
  const Model& get(const CaseSpec& spec);

  // Loads it anew when it is asked for again.
  void drop(const std::string& name);

  // For when memory runs out: drops every case but this one, which stays valid. False when there is no other.
  bool keep_only(const std::string& name);

  // Names of the cases that are loaded, most recently used first.
  std::vector<std::string> loaded() const { return models_.names(); }

 private:
  std::uint64_t expected_bytes(const CaseSpec& spec) const;
  void make_room(std::uint64_t bytes);
  static bool tell_dropped(const std::vector<std::string>& dropped);  // false: none

  Loader load_;
  LruCache<Model> models_;
  std::map<std::string, std::uint64_t> bytes_;  // of every case that was loaded once
};

}  // namespace wcam
