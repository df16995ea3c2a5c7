// What was used lately stays at hand, up to a total size.
#pragma once

#include <algorithm>
#include <cstdint>
#include <list>
#include <string>
#include <utility>
#include <vector>

namespace wcam {

// Entries by name, each with a size in a unit of the caller's. References stay valid until their entry is
// dropped. Lookups are linear: for tens of entries. Not thread-safe.
template <typename T>
class LruCache {
 public:
  explicit LruCache(std::uint64_t capacity) : capacity_(capacity) {}

  // The entry, which becomes the most recently used; nullptr when there is none.
  const T* find(const std::string& name) {
    const auto found = std::find_if(entries_.begin(), entries_.end(),
                                    [&](const Entry& entry) { return entry.name == name; });
    if (found == entries_.end()) return nullptr;
    entries_.splice(entries_.begin(), entries_, found);
    return &entries_.front().value;
  }

  // Drops the least recently used until an entry of this size fits, or none is left. Returns the names
  // dropped.
  std::vector<std::string> make_room(std::uint64_t size) {
    std::vector<std::string> dropped;
    while (!entries_.empty() && (size > capacity_ || total_ > capacity_ - size)) {
      total_ -= entries_.back().size;
      dropped.push_back(std::move(entries_.back().name));
      entries_.pop_back();
    }
    return dropped;
  }

  // Drops every entry but this one. Returns the names dropped.
  std::vector<std::string> drop_but(const std::string& name) {
    return drop_if([&](const Entry& entry) { return entry.name != name; });
  }
  // Drops this entry. Returns its name, if it was there.
  std::vector<std::string> drop(const std::string& name) {
    return drop_if([&](const Entry& entry) { return entry.name == name; });
  }

  // Adds an entry, which becomes the most recently used. Call make_room() before. What does not fit alone is
  // kept all the same: it is about to be used.
  const T& add(const std::string& name, T value, std::uint64_t size) {
    entries_.push_front({name, std::move(value), size});
    total_ += size;
    return entries_.front().value;
  }

  // The names of all entries, most recently used first.
  std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const Entry& entry : entries_) names.push_back(entry.name);
    return names;
  }
  std::uint64_t capacity() const { return capacity_; }
  std::uint64_t total() const { return total_; }

 private:
  struct Entry {
    std::string name;
    T value;
    std::uint64_t size = 0;
  };
  template <typename Which>
  std::vector<std::string> drop_if(const Which& which) {
    std::vector<std::string> dropped;
    for (auto entry = entries_.begin(); entry != entries_.end();) {
      const auto here = entry++;
      if (!which(*here)) continue;
      total_ -= here->size;
      dropped.push_back(std::move(here->name));
      entries_.erase(here);
    }
    return dropped;
  }

  std::list<Entry> entries_;
  std::uint64_t capacity_, total_ = 0;
};

}  // namespace wcam
