#include <filesystem>
#include <utility>

#include "common/error.h"
#include "common/store/hdf5.h"
#include "worker/design/design.h"

namespace fs = std::filesystem;

namespace wcam {

namespace {

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
  fs::path file = file_and_group;
  std::string group;
  if (const auto colon = file_and_group.rfind(':'); colon != std::string::npos && !fs::exists(file)) {
    file = file_and_group.substr(0, colon);
    group = file_and_group.substr(colon + 1);
    if (!group.empty() && group.back() != '/') group += '/';
  }
  auto a = sample(file, group + "A", settings), b = sample(file, group + "B", settings);
  try {
    return {settings.nb_design, settings.cells(), std::move(a), std::move(b)};
  } catch (const InputError& e) {
    throw InputError(file_and_group + ": " + e.what());
  }
}

}  // namespace wcam
