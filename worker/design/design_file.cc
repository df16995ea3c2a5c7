#include <filesystem>
#include <utility>

#include "common/base/error.h"
#include "common/base/sha256.h"
#include "common/store/hdf5.h"
#include "worker/design/design.h"

namespace fs = std::filesystem;

namespace wcam {

namespace {

struct Place {
  fs::path file;
  std::string group;  // empty: the root
};

Place place_of(const std::string& file_and_group) {
  const auto colon = file_and_group.rfind(':');
  if (colon == std::string::npos || fs::exists(file_and_group)) return {file_and_group, ""};
  return {file_and_group.substr(0, colon), file_and_group.substr(colon + 1)};
}

std::vector<double> sample(const fs::path& file, const std::string& name, const WcamSettings& settings) {
  auto [dims, values] = h5::read_dataset<double>(file, name);
  const h5::Dims wanted{static_cast<std::uint64_t>(settings.nb_design),
                        static_cast<std::uint64_t>(settings.cells())};
  if (dims != wanted) {
    std::string found;
    for (const auto side : dims) found += (found.empty() ? "" : " x ") + std::to_string(side);
    throw InputError(file.string() + ": dataset " + name + " is " + (found.empty() ? "a scalar" : found) +
                     ", not " + std::to_string(wanted[0]) + " x " + std::to_string(wanted[1]) +
                     " as --nb-design and the square of --grid ask");
  }
  return std::move(values);
}

}  // namespace

Design read_design(const std::string& file_and_group, const WcamSettings& settings) {
  auto [file, group] = place_of(file_and_group);
  if (!group.empty() && group.back() != '/') group += '/';
  auto a = sample(file, group + "A", settings), b = sample(file, group + "B", settings);
  try {
    return {settings.nb_design, settings.cells(), std::move(a), std::move(b)};
  } catch (const InputError& e) {
    throw InputError(file_and_group + ": " + e.what());
  }
}

std::string design_identity(const std::string& file_and_group) {
  const auto [file, group] = place_of(file_and_group);
  return sha256_of_file(file) + (group.empty() ? "" : ":" + group);
}

}  // namespace wcam
