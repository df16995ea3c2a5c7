#include "common/study/case_spec.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "common/base/error.h"
#include "common/base/file.h"
#include "common/base/json_integer.h"
#include "common/base/message_text.h"
#include "common/base/sha256.h"
#include "common/base/utf8.h"
#include "common/base/version.h"
#include "common/study/class_names.h"
#include "common/study/pointer_file.h"

namespace fs = std::filesystem;
using nlohmann::json;

namespace wcam {

namespace {

void refuse_unknown_keys(const json& object, const std::set<std::string>& known, const std::string& where) {
  for (const auto& [key, unused] : object.items()) {
    if (known.contains(key)) continue;
    throw InputError(where + ": unknown key '" + key + "'; known to wcam " + kVersion + ": " + joined(known));
  }
}

template <typename T>
void take(const json& object, const char* key, T& value, const std::string& where) try {
  if (!object.contains(key)) return;
  if constexpr (std::is_integral_v<T>)
    value = integer_of<T>(object.at(key));
  else
    object.at(key).get_to(value);
} catch (const json::exception& e) {
  throw InputError(where + ": key '" + key + "': " + e.what());
}

// Of the three channels, or one for all: nlohmann takes the first three of more without a word.
void take_channels(const json& object, const char* key, std::array<double, 3>& value,
                   const std::string& where) {
  if (object.contains(key) && object.at(key).is_array() && object.at(key).size() != value.size())
    throw InputError(where + ": key '" + key + "' has " + std::to_string(object.at(key).size()) +
                     " numbers, expected 3: red, green, blue");
  if (!object.contains(key) || !object.at(key).is_number()) return take(object, key, value, where);
  double all = 0;
  take(object, key, all, where);
  value.fill(all);
}

void check_name(const std::string& name, const std::string& where) {
  const bool sound = !name.empty() && std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '_' || c == '-';
  });
  if (!sound) throw InputError(where + ": name '" + name + "' must be of letters, digits, '_' and '-'");
}

void check_deviations(const CaseSpec& spec, const std::string& where) {
  for (const double deviation : spec.std)
    if (!(deviation > 0))
      throw InputError(where + ": std " + std::to_string(deviation) + " must be greater than 0");
}

template <typename IsWanted>
CaseSpec read_case(const json& entry, const fs::path& folder, const std::string& where_in_file,
                   const IsWanted& is_wanted) {
  if (!entry.is_object()) throw InputError(where_in_file + ": expected an object");
  for (const char* key : {"name", "file"})
    if (!entry.contains(key)) throw InputError(where_in_file + ": key '" + key + "' is missing");
  CaseSpec spec;
  take(entry, "name", spec.name, where_in_file);
  check_name(spec.name, where_in_file);
  const std::string where = where_in_file + " ('" + spec.name + "')";
  refuse_unknown_keys(entry, {"name", "file", "sha256", "input_size", "resize", "mean", "std", "classes"},
                      where);
  std::string file, classes, expected;
  take(entry, "file", file, where);
  take(entry, "sha256", expected, where);
  take(entry, "input_size", spec.input_size, where);
  take(entry, "resize", spec.resize, where);
  take_channels(entry, "mean", spec.mean, where);
  take_channels(entry, "std", spec.std, where);
  take(entry, "classes", classes, where);
  check_sizes(spec.input_size, spec.resize, where + ": ");
  check_deviations(spec, where);
  spec.file = folder / file;
  spec.sha256 = expected;
  if (!is_wanted(spec.name)) return spec;
  if (!fs::is_regular_file(spec.file))
    throw InputError(where + ": file " + spec.file.string() + " does not exist");
  if (is_pointer_file(spec.file)) throw InputError(where + ": " + spec.file.string() + ": " + kNotFetched);
  spec.sha256 = sha256_of_file(spec.file);
  if (!expected.empty() && expected != spec.sha256)
    throw InputError(where + ": " + spec.file.string() + " has SHA-256 " + spec.sha256 +
                     ", models.json expects " + expected + ": another file than the one described");
  try {
    if (!classes.empty()) spec.classes = read_class_names(folder / classes);
  } catch (const InputError& e) {
    throw InputError(where + ": classes: " + e.what());
  }
  return spec;
}

}  // namespace

std::vector<CaseSpec> read_models_json(const fs::path& file, const std::vector<std::string>& wanted) {
  const auto is_wanted = [&](const std::string& name) {
    return wanted.empty() || std::find(wanted.begin(), wanted.end(), name) != wanted.end();
  };
  json document;
  try {
    document = json::parse(read_file(file));
  } catch (const json::exception& e) {
    throw InputError(file.string() + " is not JSON: " + e.what());
  }
  if (!document.is_object() || !document.contains("models") || !document["models"].is_array() ||
      document["models"].empty())
    throw InputError(file.string() + ": expected {\"models\": [ ... ]} with at least one entry");
  refuse_unknown_keys(document, {"models"}, file.string());
  std::vector<CaseSpec> cases;
  std::set<std::string> names;
  for (std::size_t i = 0; i < document["models"].size(); ++i) {
    const std::string where = file.string() + ": models[" + std::to_string(i) + "]";
    cases.push_back(read_case(document["models"][i], file.parent_path(), where, is_wanted));
    if (!names.insert(cases.back().name).second)
      throw InputError(where + ": name '" + cases.back().name + "' is taken by an earlier entry");
  }
  return cases;
}

std::vector<std::string> notes_of_twins(const std::vector<CaseSpec>& cases) {
  std::vector<std::string> notes;
  for (auto c = cases.begin(); c != cases.end(); ++c) {
    const auto twin =
        std::find_if(cases.begin(), c, [c](const CaseSpec& earlier) { return earlier.sha256 == c->sha256; });
    if (twin != c)
      notes.push_back("note: cases " + twin->name + " and " + c->name + " are one network: " +
                      (c->file == twin->file
                           ? "both name " + c->file.string()
                           : c->file.string() + " has the SHA-256 of " + twin->file.string()));
  }
  return notes;
}

std::vector<std::string> read_lines(const fs::path& file) {
  std::string text = read_file(file);
  if (text.starts_with("\xef\xbb\xbf")) text.erase(0, 3);  // the mark that Windows' editors put before UTF-8
  std::istringstream in(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (!is_utf8(line))
      throw InputError(file.string() + ": line " + std::to_string(lines.size() + 1) +
                       " is not UTF-8: save the file as UTF-8");
    lines.push_back(line);
  }
  return lines;
}

void check_sizes(int input_size, int resize, const std::string& where) {
  if (input_size < kSmallestInput || input_size > kLargestInput)
    throw InputError(where + "input_size " + std::to_string(input_size) + " is outside " +
                     std::to_string(kSmallestInput) + " to " + std::to_string(kLargestInput));
  if (resize < input_size || resize > kLargestResize)
    throw InputError(where + "resize " + std::to_string(resize) + " is outside input_size " +
                     std::to_string(input_size) + " to " + std::to_string(kLargestResize));
}

CaseSpec over_255(CaseSpec spec) {
  const auto above_1 = [](double value) { return value > 1; };
  const bool mean_is = std::any_of(spec.mean.begin(), spec.mean.end(), above_1);
  const bool std_is = std::all_of(spec.std.begin(), spec.std.end(), [](double value) { return value >= 1; });
  for (std::size_t c = 0; c < spec.mean.size(); ++c) {
    if (mean_is) spec.mean[c] /= 255;
    if (std_is) spec.std[c] /= 255;
  }
  return spec;
}

std::string normalisation_problem(const CaseSpec& spec) {
  const auto fits = [](const std::array<double, 3>& channels) {
    return std::all_of(channels.begin(), channels.end(), [](double value) { return value <= 1; });
  };
  if (fits(spec.mean) && fits(spec.std)) return "";
  const std::string problem = "its mean or std is greater than 1, which pixels from 0 to 1 do not have";
  const auto of_bytes = [](const std::array<double, 3>& channels) {
    return std::all_of(channels.begin(), channels.end(),
                       [](double value) { return value >= 10 && value <= 255; });
  };
  if (!(fits(spec.mean) || of_bytes(spec.mean)) || !(fits(spec.std) || of_bytes(spec.std))) return problem;
  const auto text = [](const std::array<double, 3>& c) {
    return fmt::format("[{:.6g}, {:.6g}, {:.6g}]", c[0], c[1], c[2]);
  };
  const CaseSpec right = over_255(spec);
  return problem + ": they seem to be of pixels from 0 to 255: set \"mean\": " + text(right.mean) +
         ", \"std\": " + text(right.std);
}

std::string class_name(const std::vector<std::string>& classes, std::int64_t label) {
  if (label < 0 || static_cast<std::size_t>(label) >= classes.size()) return std::to_string(label);
  const std::string& name = classes[static_cast<std::size_t>(label)];
  return name.substr(0, name.find(','));
}

}  // namespace wcam
